import { fontStack } from '../../../ui/tokens.ts'
import type { ChainLeg, ChainStop } from '../model/chain.ts'
import { line, xOf, yOf, type Scene } from './scene.ts'

const BEAD_PX = 8
const MIN_BEND_PX = 16

interface Point {
  readonly x: number
  readonly y: number
}

const middleOf = (scene: Scene, stop: ChainStop) => yOf(scene, stop.bar.top + stop.bar.height / 2)
const startOf = (scene: Scene, stop: ChainStop): Point => ({
  x: xOf(scene, stop.startMs),
  y: middleOf(scene, stop),
})
const endOf = (scene: Scene, stop: ChainStop): Point => ({
  x: xOf(scene, stop.endMs),
  y: middleOf(scene, stop),
})

/** Horizontal tangents at both ends, so that the line leaves and enters bars along the time axis. */
function bendOf(from: Point, to: Point): number {
  return Math.max(MIN_BEND_PX, Math.min(90, Math.abs(to.x - from.x) * 0.5, Math.abs(to.y - from.y) * 0.6))
}

function pointOnLeg(from: Point, to: Point, share: number): Point {
  const bend = bendOf(from, to)
  const rest = 1 - share
  const mix = (a: number, b: number, c: number, d: number) =>
    rest ** 3 * a + 3 * rest ** 2 * share * b + 3 * rest * share ** 2 * c + share ** 3 * d
  return {
    x: mix(from.x, from.x + bend, to.x - bend, to.x),
    y: mix(from.y, from.y, to.y, to.y),
  }
}

/** The line that joins the five steps; drawn behind the bars. */
export function paintChainLine(scene: Scene): void {
  const { ctx, palette, chain } = scene
  if (!chain) return
  ctx.lineWidth = 2
  for (const leg of chain.legs) {
    const from = endOf(scene, leg.from)
    const to = startOf(scene, leg.to)
    const bend = bendOf(from, to)
    ctx.strokeStyle = leg.late ? palette.late : palette.accent
    ctx.beginPath()
    ctx.moveTo(from.x, from.y)
    ctx.bezierCurveTo(from.x + bend, from.y, to.x - bend, to.y, to.x, to.y)
    ctx.stroke()
  }
  const broadcast = chain.stops.find((stop) => stop.kind === 'broadcast')
  if (!broadcast) return
  ctx.strokeStyle = palette.accent
  ctx.setLineDash([2, 3])
  for (const bar of chain.together) {
    const x = (xOf(scene, bar.startMs) + xOf(scene, bar.endMs)) / 2
    line(ctx, x, yOf(scene, broadcast.bar.top + broadcast.bar.height), x, yOf(scene, bar.top))
  }
  ctx.setLineDash([])
}

function paintPill(scene: Scene, leg: ChainLeg): void {
  if (leg.slackMin === null) return
  const { ctx, palette } = scene
  const text = scene.text.slack(leg.slackMin, leg.late)
  const at = pointOnLeg(endOf(scene, leg.from), startOf(scene, leg.to), 0.5)
  ctx.font = `600 12px ${fontStack}`
  const width = ctx.measureText(text).width + 12
  const colour = leg.late ? palette.late : palette.accent
  ctx.fillStyle = palette.raised
  ctx.strokeStyle = colour
  ctx.lineWidth = 1.5
  ctx.beginPath()
  ctx.roundRect(at.x - width / 2, at.y - 9, width, 18, 9)
  ctx.fill()
  ctx.stroke()
  ctx.fillStyle = colour
  ctx.textAlign = 'center'
  ctx.fillText(text, at.x, at.y + 0.5)
}

function paintBead(scene: Scene, stop: ChainStop): void {
  const { ctx, palette } = scene
  const { x, y } = startOf(scene, stop)
  ctx.fillStyle = stop.late && stop.kind === 'ship' ? palette.late : palette.accent
  ctx.strokeStyle = palette.surface
  ctx.lineWidth = 1.5
  ctx.beginPath()
  if (stop.late && stop.kind === 'ship') {
    ctx.moveTo(x, y - BEAD_PX - 1)
    ctx.lineTo(x + BEAD_PX + 1, y)
    ctx.lineTo(x, y + BEAD_PX + 1)
    ctx.lineTo(x - BEAD_PX - 1, y)
    ctx.closePath()
  } else ctx.arc(x, y, BEAD_PX, 0, 2 * Math.PI)
  ctx.fill()
  ctx.stroke()
  ctx.fillStyle = palette.onAccent
  ctx.font = `600 11px ${fontStack}`
  ctx.textAlign = 'center'
  ctx.fillText(String(stop.no), x, y + 0.5)
}

/** Numbered beads and slack pills, in front of the bars. */
export function paintChainBeads(scene: Scene): void {
  if (!scene.chain) return
  scene.ctx.textBaseline = 'middle'
  for (const leg of scene.chain.legs) paintPill(scene, leg)
  for (const stop of scene.chain.stops) paintBead(scene, stop)
  scene.ctx.textAlign = 'left'
}
