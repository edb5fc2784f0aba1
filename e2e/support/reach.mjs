// @ts-check
// What of a screen cannot be reached, read or hit; runs inside a page.

/** @param {{ text_px_min: number, target_px_min: number }} least */
export function findOutOfReach({ text_px_min, target_px_min }) {
  const found = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth)
    found.push(`scrolls sideways: ${scrollWidth} in ${clientWidth} px`);

  const isSeen = (/** @type {Element} */ element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true });
  };
  const nameOf = (/** @type {Element} */ element) =>
    `<${element.localName}> "${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40)}"`;

  for (const target of document.querySelectorAll('button, select, input, textarea, summary, a')) {
    // A radio button or switch is hit by its label; a link in a sentence is as high as its line.
    const area = target.matches('input') ? (target.closest('label') ?? target) : target;
    const isInSentence = target.matches('p a, li a') || target.matches('a[href="#content"]');
    if (!isSeen(area) || isInSentence) continue;
    const { width, height, left, right } = area.getBoundingClientRect();
    if (Math.min(width, height) < target_px_min - 0.5) {
      found.push(`${nameOf(target)} is ${Math.round(width)} × ${Math.round(height)} px`);
    }
    if (left < -1 || right > window.innerWidth + 1) found.push(`${nameOf(target)} is cut off`);
  }

  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const holder = words.currentNode.parentElement;
    if (!holder || !words.currentNode.textContent?.trim() || !isSeen(holder)) continue;
    if (holder.closest('svg, [role="img"], [aria-hidden="true"]')) continue;
    const size = Number.parseFloat(getComputedStyle(holder).fontSize);
    if (size < text_px_min) found.push(`${nameOf(holder)} is written in ${size} px`);
  }
  return found;
}
