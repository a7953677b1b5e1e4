import { describe, expect, it } from 'vitest'
import { KILL_KINDS, killRepeatedly } from '../chaos/kills.ts'
import { killSyncRepeatedly } from '../chaos/sync-kills.ts'

describe('a core killed at any moment', () => {
  it.concurrent.each(KILL_KINDS)(
    'keeps everything it acknowledged: %s, 20 kills',
    async (kind) => {
      const report = await killRepeatedly(kind, 20, 20_260_917)
      expect(report.missing).toEqual([])
      expect(report.damage).toEqual([])
      expect(report.acknowledged).toBeGreaterThanOrEqual(5)
    },
    600_000,
  )

  it.concurrent(
    'keeps everything while it sends to a hub that is killed too: sync, 20 kills',
    async () => {
      const report = await killSyncRepeatedly(20, 20_260_917)
      expect(report.missing).toEqual([])
      expect(report.damage).toEqual([])
      expect(report.acknowledged).toBeGreaterThanOrEqual(20)
    },
    600_000,
  )
})
