// A click anywhere on a table's row follows the link in its first cell; j and k walk through the rows.

const rows = [...document.querySelectorAll("tr[data-row]")];
const linkOf = (row) => row.querySelector("a[href]");

for (const row of rows) {
  row.classList.add("ready");
  row.addEventListener("click", (event) => {
    const own = event.target.closest("a, button, input, label, select, summary");
    const marked = String(getSelection());
    if (own || marked || event.button !== 0) return;
    const link = linkOf(row);
    if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
    else link.click();
  });
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !rows.length) return;
  const step = { j: 1, k: -1 }[event.key];
  if (!step) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  linkOf(next).focus();
  next.scrollIntoView({ block: "nearest" });
});
