import type { danmakuContract } from '../../../../shared/contract/danmaku.ts'
import { Refusal } from '../../../../shared/contract/result.ts'
import type { QueryHandlers } from '../../context.ts'
import { danmakuSession, sessionDanmaku } from './repo.ts'

export const danmakuQueries: QueryHandlers<typeof danmakuContract> = {
  'danmaku/session': ({ sessionId }, { db }) => {
    if (!danmakuSession(db, sessionId))
      throw new Refusal('not-found', { table: 'liveSession', id: sessionId })
    return sessionDanmaku(db, sessionId)
  },
}
