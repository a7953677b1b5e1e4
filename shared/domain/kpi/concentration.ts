/** How evenly sales are spread over merchants. Amounts are fen; negative sums count as zero. */

const positive = (amounts: readonly number[]) => amounts.map((amount) => Math.max(0, amount))
const total = (amounts: readonly number[]) => amounts.reduce((sum, amount) => sum + amount, 0)

/** Share of the four largest; null without sales. */
export function cr4(amounts: readonly number[]): number | null {
  const sum = total(positive(amounts))
  if (sum === 0) return null
  return (
    total(
      positive(amounts)
        .sort((a, b) => b - a)
        .slice(0, 4),
    ) / sum
  )
}

/** Herfindahl-Hirschman index 0..10000 of those who sold at all. */
export function hhi(amounts: readonly number[]): number | null {
  const sellers = positive(amounts).filter((amount) => amount > 0)
  const sum = total(sellers)
  if (sum === 0) return null
  return sellers.reduce((index, amount) => index + ((amount / sum) * 100) ** 2, 0)
}

/** Gini coefficient 0..1 with merchants that sold nothing included. */
export function gini(amounts: readonly number[]): number | null {
  const sorted = positive(amounts).sort((a, b) => a - b)
  const sum = total(sorted)
  if (sum === 0) return null
  const weighted = sorted.reduce((acc, amount, index) => acc + (index + 1) * amount, 0)
  return (2 * weighted) / (sorted.length * sum) - (sorted.length + 1) / sorted.length
}

/** Lorenz curve: cumulative share of merchants, smallest first, against cumulative share of sales; from (0,0) to (1,1). */
export function lorenz(amounts: readonly number[]): [number, number][] {
  const sorted = positive(amounts).sort((a, b) => a - b)
  const sum = total(sorted)
  if (sum === 0) return []
  let running = 0
  return [
    [0, 0],
    ...sorted.map((amount, index): [number, number] => {
      running += amount
      return [(index + 1) / sorted.length, running / sum]
    }),
  ]
}

/** How many merchants are "the head" when the top `topPct` percent are: at least one. */
export const headCount = (merchants: number, topPct: number): number =>
  merchants === 0 ? 0 : Math.max(1, Math.round((merchants * topPct) / 100))

/** Share of sales outside the top `topPct` percent of merchants (merchants without sales count as merchants). */
export function longTailShare(amounts: readonly number[], topPct: number): number | null {
  const sorted = positive(amounts).sort((a, b) => b - a)
  const sum = total(sorted)
  if (sum === 0) return null
  return total(sorted.slice(headCount(sorted.length, topPct))) / sum
}
