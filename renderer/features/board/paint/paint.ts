import { paintAxis } from './axis.ts'
import { paintBars } from './bars.ts'
import { paintChainBeads, paintChainLine } from './chain.ts'
import { paintFolds, paintGround, paintNowLine } from './ground.ts'
import { fontStack } from '../../../ui/tokens.ts'
import type { Scene } from './scene.ts'

/** Draws one frame of the board. */
export function paintBoard(scene: Scene): void {
  const { ctx } = scene
  ctx.font = `400 12px ${fontStack}`
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  paintGround(scene)
  paintNowLine(scene)
  paintChainLine(scene)
  paintBars(scene)
  paintFolds(scene)
  paintChainBeads(scene)
  paintAxis(scene)
}
