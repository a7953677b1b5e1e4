/** Money is integer fen (1/100 yuan); a float never holds it. */

/** Cells that mean "no figure" in platform exports. */
const EMPTY = new Set(['', '-', '—', '--', '–'])
const AMOUNT = /^([-+−]?)[¥￥]?([-+−]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?元?$/

/**
 * Yuan as text → fen, exactly. Takes `¥236,552`, `1234.5`, `-0.01`, full-width digits and surrounding blanks.
 * Null for an empty cell, for text that is no amount, and for more than two significant decimals.
 */
export function parseYuan(text: string): number | null {
  const cell = text.normalize('NFKC').trim()
  if (EMPTY.has(cell)) return null
  const match = AMOUNT.exec(cell)
  if (!match) return null
  const [, signA, signB, whole = '', decimals = ''] = match
  if (signA && signB) return null
  const cents = decimals.replace(/0+$/, '')
  if (cents.length > 2) return null
  const fen = Number(whole.replaceAll(',', '') + cents.padEnd(2, '0'))
  if (!Number.isSafeInteger(fen)) return null
  return (signA || signB) && (signA || signB) !== '+' && fen !== 0 ? -fen : fen
}

/** Fen → plain yuan text: `123456` → `1234.56`; `grouped` gives `1,234.56`. */
export function formatYuan(fen: number, options: { grouped?: boolean } = {}): string {
  if (!Number.isSafeInteger(fen)) throw new RangeError(`not integer fen: ${fen}`)
  const digits = String(Math.abs(fen)).padStart(3, '0')
  const whole = digits.slice(0, -2)
  const yuan = options.grouped ? whole.replace(/\B(?=(\d{3})+$)/g, ',') : whole
  return `${fen < 0 ? '-' : ''}${yuan}.${digits.slice(-2)}`
}

/** `fen × numerator / denominator` rounded half away from zero, exact for any safe integers. */
export function scaleFen(fen: number, numerator: number, denominator: number): number {
  if (denominator <= 0) throw new RangeError('denominator must be positive')
  const product = BigInt(fen) * BigInt(numerator)
  const half = BigInt(denominator)
  const magnitude = product < 0n ? -product : product
  const rounded = Number((magnitude * 2n + half) / (half * 2n))
  return product < 0n ? -rounded || 0 : rounded
}
