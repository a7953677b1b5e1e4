import { z } from 'zod'
import type { DanmakuSummary } from '../domain/danmaku.ts'
import { WRITERS, action, query } from './define.ts'

/** Viewers' words are text from strangers: shown as text only. */
export interface SessionDanmaku extends DanmakuSummary {
  readonly total: number
  /** The first comments of the session, as many as were counted. */
  readonly counted: number
  readonly goodsNames: readonly { readonly skuId: string; readonly name: string }[]
}

export interface DanmakuImport {
  readonly added: number
  /** In the store already, from a file that overlaps. */
  readonly repeated: number
  /** Stamps far outside this session: another session's comments. */
  readonly elsewhere: number
  readonly unreadable: number
  /** Telephone numbers that were masked. */
  readonly masked: number
  /** The recording stops in the middle; what was whole has been taken. */
  readonly cutOff: boolean
}

const sessionId = z.string().min(1).max(64)

export const danmakuContract = {
  /**
   * Takes a recording of one's own room into a session, as it is read. Reading the same file again adds nothing.
   * Refused: `file-gone`, `danmaku-not-recognised`, `session-not-started` (stamps of the day need the session's start).
   */
  'danmaku/import': action(
    z.object({ sessionId, fileHandle: z.string().min(1).max(200) }),
    WRITERS,
  ).returns<DanmakuImport>(),
  'danmaku/session': query(z.object({ sessionId }), WRITERS).returns<SessionDanmaku>(),
}
