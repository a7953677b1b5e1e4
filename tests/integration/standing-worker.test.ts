import { afterEach, describe, expect, it } from 'vitest'
import { StandingWorker } from '../../electron/core/workers.ts'

/** A thread entry that answers with its number, works until it is told to stop, ends at once, or hears nothing. */
const ENTRY = `
import { parentPort, threadId } from 'node:worker_threads'
parentPort.on('message', ({ payload, flags }) => {
  if (payload === 'end') process.exit(3)
  if (payload === 'deaf') for (;;);
  if (payload === 'throw') throw new Error('broken')
  if (payload === 'until-told') while (Atomics.load(flags, 0) === 0);
  parentPort.postMessage({ kind: 'progress', value: 'begun' })
  parentPort.postMessage(
    Atomics.load(flags, 0) === 2 ? { kind: 'failed', message: 'cancelled' } : { kind: 'done', value: threadId },
  )
})`

const workers: StandingWorker[] = []

function create(): StandingWorker {
  const worker = new StandingWorker(new URL(`data:text/javascript,${encodeURIComponent(ENTRY)}`))
  workers.push(worker)
  return worker
}

const run = (worker: StandingWorker, payload: string) => worker.start(payload, () => undefined).result

afterEach(() => {
  for (const worker of workers.splice(0)) worker.close()
})

describe('a thread that stays for the next piece of work', () => {
  it('takes one piece after the other', async () => {
    const worker = create()
    const first = await run(worker, 'work')
    for (let i = 0; i < 30; i++) expect(await run(worker, 'work')).toBe(first)
  })

  it('is not shared by two at the same time', async () => {
    const worker = create()
    const [first, second] = await Promise.all([run(worker, 'work'), run(worker, 'work')])
    expect(first).not.toBe(second)
  })

  it.each(['end', 'throw'])('is replaced when its work makes it %s', async (payload) => {
    const worker = create()
    const first = await run(worker, 'work')
    await expect(run(worker, payload)).rejects.toThrow(payload === 'end' ? 'ended before' : 'broken')
    expect(await run(worker, 'work')).not.toBe(first)
  })

  it('stays when its work is cancelled and says so, also when the cancel comes late', async () => {
    const worker = create()
    const first = await run(worker, 'work')
    const told = worker.start('until-told', () => undefined)
    told.cancel()
    await expect(told.result).rejects.toThrow('cancelled')
    told.cancel()
    expect(await run(worker, 'work')).toBe(first)
    await new Promise((resolve) => setTimeout(resolve, 2300))
    expect(await run(worker, 'work')).toBe(first)
  })

  it('is ended when it does not hear a cancel', async () => {
    const worker = create()
    const first = await run(worker, 'work')
    const deaf = worker.start('deaf', () => undefined)
    deaf.cancel()
    await expect(deaf.result).rejects.toThrow('ended before')
    expect(await run(worker, 'work')).not.toBe(first)
  })
})
