import type { Page } from '@playwright/test'
import type { Call, Output, RequestName } from '../../../shared/contract/index.ts'

/** Signs a further connection of the page in, with the PIN that its person typed. */
export interface SignedBy {
  readonly personId: string
  readonly pin: string
}

/**
 * Sends one request over the page's own WebSocket address, with its cookie, for preparations that are not what a test is
 * about. @throws when the product refuses it
 */
export async function request<N extends RequestName>(
  page: Page,
  name: N,
  input: Call<N>,
  signedBy: SignedBy | null = null,
): Promise<Output<N>> {
  const steps: { name: string; input: unknown }[] = [{ name, input }]
  if (signedBy) steps.unshift({ name: 'session/open', input: signedBy })
  const value = await page.evaluate(async (calls) => {
    const socket = new WebSocket(new URL('/ws', location.origin.replace('http', 'ws')))
    await new Promise((done, fail) => {
      socket.addEventListener('open', done)
      socket.addEventListener('error', fail)
    })
    let last: unknown = null
    for (const [id, call] of calls.entries()) {
      const answered = new Promise<{ ok: boolean; value?: unknown; error?: unknown }>((done) =>
        socket.addEventListener('message', (event) => {
          const message = JSON.parse(String(event.data)) as { id?: number; ok: boolean }
          if (message.id === id) done(message)
        }),
      )
      socket.send(JSON.stringify({ id, ...call }))
      const answer = await answered
      if (!answer.ok) throw new Error(`${call.name}: ${JSON.stringify(answer.error)}`)
      last = answer.value
    }
    socket.close()
    return last
  }, steps)
  return value as Output<N>
}
