// What the widgets and the theme leave out for readers who listen to a page or use no mouse: names
// for the sliders' handles, a way into boxes that scroll, labels that say what is seen.

// The widgets typeset their labels with MathJax 2, which the page does not have. They hold no mathematics.
if (window.MathJax) window.MathJax.Hub ??= { Queue() {} };

// A handle says its parameter, and the value that stands beside it instead of its place in a list.
function nameHandle(slider) {
  const handle = slider.querySelector('[role="slider"]');
  const readout = slider.querySelector(".widget-readout");
  const say = () => {
    const value = readout.textContent;
    if (handle.getAttribute("aria-valuetext") !== value) handle.setAttribute("aria-valuetext", value);
  };
  handle.setAttribute("aria-label", slider.querySelector("label").textContent);
  readout.contentEditable = "false";
  say();
  new MutationObserver(say).observe(slider, {
    attributes: true,
    attributeFilter: ["aria-valuetext"],
    characterData: true,
    childList: true,
    subtree: true,
  });
}

function nameHandles() {
  for (const slider of document.querySelectorAll(".widget-slider:not([data-named])")) {
    if (!slider.querySelector('[role="slider"]')) continue;
    slider.dataset.named = "";
    nameHandle(slider);
    slider.closest(".widget-vbox")?.setAttribute("aria-live", "polite"); // the new frame's text
  }
}

function openBoxesToKeys() {
  for (const box of document.querySelectorAll("pre, .cell_output .output, .table-wrapper")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}

for (const label of document.querySelectorAll("summary[aria-label], .search-button-field")) {
  label.removeAttribute("aria-label"); // the text inside says it better
}
for (const entry of document.querySelectorAll('[role="doc-biblioentry"]')) entry.role = "listitem";

nameHandles();
new MutationObserver(nameHandles).observe(document.body, { childList: true, subtree: true });

openBoxesToKeys();
window.addEventListener("load", openBoxesToKeys);
window.addEventListener("resize", openBoxesToKeys);

// Solutions are folded away on the screen, not on paper.
window.addEventListener("beforeprint", () => {
  const solutions = document.querySelectorAll("details.sd-dropdown, .tag_hide-cell details");
  for (const folded of solutions) folded.open = true;
});
