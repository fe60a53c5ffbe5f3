// The elements of page.html by their ids.

/** The element with this id; throws when page.html and this program do not agree. */
export function element<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`page.html has no #${id}`);
  return found as unknown as T;
}

/** A share as text: 0.8627 is 86.3 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
