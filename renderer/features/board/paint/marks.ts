import type { Palette } from '../../../ui/tokens.ts'

export type BarMark = 'pin' | 'risk' | 'late' | 'laptop' | 'pending'

/** Marks on a 12 px grid; stroked with 1.3 px. */
const PATHS: Record<BarMark, string> = {
  pin: 'M4 1h4M4.8 1v3.4L3 6.6v.9h6v-.9L7.2 4.4V1M6 7.5V11',
  risk: 'M6 1.4 11.2 10.6H.8ZM6 4.8v2.6M6 9v.2',
  late: 'M6 .6 11.4 6 6 11.4.6 6ZM6 3.6V6l1.6 1',
  laptop: 'M2.4 2.6h7.2v5H2.4ZM1 9.8h10',
  pending:
    'M6 .9a5.1 5.1 0 0 1 3 1M11 5a5.1 5.1 0 0 1-.3 2.9M7.6 10.9a5.1 5.1 0 0 1-3 0M1.3 7.9A5.1 5.1 0 0 1 1 5M3 1.9a5.1 5.1 0 0 1 1-.6M6 8.6V3.6M4.2 5.3 6 3.5l1.8 1.8',
}
export const MARK_PX = 12
const cache = new Map<BarMark, Path2D>()

function pathOf(mark: BarMark): Path2D {
  let path = cache.get(mark)
  if (!path) {
    path = new Path2D(PATHS[mark])
    cache.set(mark, path)
  }
  return path
}

const COLOUR: Record<BarMark, keyof Palette> = {
  pin: 'ink',
  risk: 'risk',
  late: 'late',
  laptop: 'ink2',
  pending: 'accent',
}

/** Draws a mark with its left edge at `x` and its middle at `y`. */
export function paintMark(
  ctx: CanvasRenderingContext2D,
  palette: Palette,
  mark: BarMark,
  x: number,
  y: number,
): void {
  ctx.translate(x, y - MARK_PX / 2)
  ctx.lineWidth = 1.3
  ctx.lineJoin = 'round'
  ctx.lineCap = 'round'
  ctx.strokeStyle = palette[COLOUR[mark]]
  ctx.stroke(pathOf(mark))
  ctx.translate(-x, MARK_PX / 2 - y)
  ctx.lineCap = 'butt'
}
