/** True while the person is typing, when single-letter shortcuts must stay silent. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

/** The digit of a plain 1, 2 or 3 key press outside a text field, else null. */
export function pickedNumber(event: KeyboardEvent): number | null {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isTyping(event)) return null
  return /^[123]$/.test(event.key) ? Number(event.key) : null
}
