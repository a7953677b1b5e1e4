import { once } from 'node:events'
import type { Transferable, Worker } from 'node:worker_threads'

/** Sends one message to a worker thread and waits for the one it answers with; fails when the thread does. */
export async function ask<Reply>(
  worker: Worker,
  message: unknown,
  transfer: readonly Transferable[] = [],
): Promise<Reply> {
  const answer = once(worker, 'message')
  worker.postMessage(message, transfer)
  const [reply] = (await answer) as [Reply]
  return reply
}
