// A harmless script of a company that no list knows: it listens to one kind of event.
document.title = `${document.title} (${navigator.language})`;
addEventListener("scroll", () => 0);
