/** A bar narrower than this carries no text, px. */
export const MIN_LABEL_PX = 14

/**
 * The text that fits: the label, else the registered short form, else nothing. Names are never cut with an ellipsis.
 * `measure` returns the width of a text in px.
 */
export function fitLabel(
  label: string,
  shortLabel: string,
  roomPx: number,
  measure: (text: string) => number,
): string {
  if (roomPx < MIN_LABEL_PX) return ''
  if (measure(label) <= roomPx) return label
  return shortLabel !== '' && measure(shortLabel) <= roomPx ? shortLabel : ''
}
