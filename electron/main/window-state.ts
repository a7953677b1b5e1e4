import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

const stateSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(400),
  height: z.number().int().min(300),
  maximized: z.boolean(),
})
export type WindowState = z.infer<typeof stateSchema>

const DEFAULT_SIZE = { width: 1366, height: 768 }
/** How much of a title bar has to be on a screen for a person to get hold of it, px. */
const GRASP_PX = 80

/** Where the window was, unless that place is on no screen any more (a monitor was unplugged). */
export function placeWindow(kept: WindowState | null, screens: readonly Rectangle[]): Partial<WindowState> {
  if (!kept) return DEFAULT_SIZE
  const isReachable = screens.some(
    (screen) =>
      kept.x + kept.width - GRASP_PX > screen.x &&
      kept.x + GRASP_PX < screen.x + screen.width &&
      kept.y >= screen.y &&
      kept.y + GRASP_PX < screen.y + screen.height,
  )
  if (isReachable) return kept
  return { width: kept.width, height: kept.height, maximized: kept.maximized }
}

export function readWindowState(file: string): WindowState | null {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null
  }
}

export function saveWindowState(file: string, state: WindowState): void {
  writeFileSync(file, JSON.stringify(state), { mode: 0o600 })
}
