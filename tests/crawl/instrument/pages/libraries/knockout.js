document.getElementById("out").innerHTML = '<p data-bind="text:a"></p>';
ko.applyBindings({ a: "k" });
window.D = 1;
