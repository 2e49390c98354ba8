// Leaving a page with a form that was changed and not sent asks first; a form is sent once, however often one clicks.

let changed = false;

document.addEventListener("input", (event) => {
  if (event.target.closest("form.form")) changed = true;
});

document.addEventListener("submit", (event) => {
  changed = false;
  const form = event.target;
  if (form.getAttribute("method") !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // A download answers without a new page: then the form can be sent again.
  setTimeout(() => delete form.dataset.sent, 4000);
});

// The page may come back out of the browser's memory, with the form as it was.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
