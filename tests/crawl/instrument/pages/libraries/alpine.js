document.getElementById("out").innerHTML = '<p x-data="{a:2}" x-text="a*3"></p>';
setTimeout(() => (window.D = 1), 300);
