import { ipcMain } from 'electron'
import type { IpcMainInvokeEvent } from 'electron'
import { z } from 'zod'
import { fail } from '../../shared/contract/result.ts'
import type { Result } from '../../shared/contract/result.ts'
import type { Log } from '../core/services.ts'
import { isAppUrl } from './origin.ts'

export const REQUEST_CHANNEL = 'chanbo:request'
export const EVENT_CHANNEL = 'chanbo:event'
const nameSchema = z.string().min(1).max(100)

/** Only the top frame of our own page may ask anything: not an embedded frame, not a page that got in somehow. */
function isTrusted(event: IpcMainInvokeEvent): boolean {
  const frame = event.senderFrame
  return frame !== null && frame.parent === null && isAppUrl(frame.url) && isAppUrl(event.sender.getURL())
}

export function serveRequests(
  log: Log,
  answer: (name: string, input: unknown) => Promise<Result<unknown>>,
): void {
  ipcMain.handle(REQUEST_CHANNEL, async (event, name: unknown, input: unknown): Promise<Result<unknown>> => {
    if (!isTrusted(event)) {
      log.warn('request from a foreign frame refused', { url: event.senderFrame?.url ?? null })
      return fail('not-allowed', { reason: 'frame' })
    }
    const parsed = nameSchema.safeParse(name)
    return parsed.success ? answer(parsed.data, input) : fail('bad-input')
  })
}
