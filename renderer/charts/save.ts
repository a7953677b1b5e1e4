/** Hands a file made on this page to the person. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export function saveText(text: string, name: string, type = 'text/csv;charset=utf-8'): void {
  saveBlob(new Blob([text], { type }), name)
}

/** File names carry no separators of any system. */
export const fileName = (...parts: readonly string[]): string =>
  parts
    .filter(Boolean)
    .join('-')
    .replace(/[\\/:*?"<>|\s]+/g, ' ')

/** The chart as a picture on the card's ground; `mark` is written across its foot when given. */
export function pictureOf(
  source: HTMLCanvasElement,
  look: { ground: string; ink: string; font: string },
  title: string,
  mark: string,
): Promise<Blob | null> {
  const head = 48
  const foot = mark === '' ? 0 : 36
  const canvas = document.createElement('canvas')
  canvas.width = source.width
  canvas.height = source.height + head + foot
  const ctx = canvas.getContext('2d')
  if (!ctx) return Promise.resolve(null)
  ctx.fillStyle = look.ground
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  ctx.fillStyle = look.ink
  ctx.font = `600 24px ${look.font}`
  ctx.fillText(title, 16, 32)
  ctx.drawImage(source, 0, head)
  ctx.font = `20px ${look.font}`
  if (mark !== '') ctx.fillText(mark, 16, canvas.height - 12)
  return new Promise((done) => canvas.toBlob(done, 'image/png'))
}
