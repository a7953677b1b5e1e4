/** Product families known by name; any other text is a family too and is its own label. */
export const KNOWN_FAMILIES = [
  { key: 'lure-rod', zh: '路亚竿', en: 'Lure rods' },
  { key: 'hand-rod', zh: '手竿', en: 'Pole rods' },
  { key: 'lure', zh: '拟饵', en: 'Lures' },
  { key: 'reel', zh: '渔轮', en: 'Reels' },
  { key: 'float', zh: '浮漂', en: 'Floats' },
  { key: 'line', zh: '线组', en: 'Line sets' },
] as const

/** A family's label in a language tag (`zh-CN`, `en`). */
export function familyLabel(key: string, locale: string): string {
  const known = KNOWN_FAMILIES.find((family) => family.key === key)
  return known ? (locale.startsWith('zh') ? known.zh : known.en) : key
}

/** The key of a label a person typed or pasted; the text itself when it is no known label. */
export function familyKey(label: string): string {
  const text = label.trim()
  return (
    KNOWN_FAMILIES.find((family) => family.key === text || family.zh === text || family.en === text)?.key ??
    text
  )
}
