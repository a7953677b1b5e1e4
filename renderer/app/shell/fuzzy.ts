/**
 * How well `text` answers what was typed: null when some character is missing, otherwise higher is better. Letters must
 * appear in order; a run of neighbours, the start of the text and the start of a word count more.
 */
export function fuzzyScore(typed: string, text: string): number | null {
  const wanted = [...typed.toLowerCase().replace(/\s+/g, '')]
  const letters = [...text.toLowerCase()]
  if (wanted.length === 0) return 0
  // What was typed, whole, beats the same letters scattered.
  let score = letters.join('').includes(wanted.join('')) ? 20 : 0
  let from = 0
  let before = -2
  for (const letter of wanted) {
    const at = letters.indexOf(letter, from)
    if (at < 0) return null
    if (at === before + 1) score += 6
    if (at === 0) score += 5
    else if (/[\s·(（:：]/.test(letters[at - 1] ?? '')) score += 3
    score -= Math.min(4, at - from)
    before = at
    from = at + 1
  }
  return score - letters.length / 50
}
