// Buttons that copy the text of another element. Without the clipboard they stay hidden; the text can be marked by hand.

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    const label = button.querySelector("span");
    const said = label.textContent;
    label.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        label.textContent = "Copied";
      } catch {
        label.textContent = "Mark it and copy by hand";
      }
      setTimeout(() => (label.textContent = said), 3000);
    });
  }
}
