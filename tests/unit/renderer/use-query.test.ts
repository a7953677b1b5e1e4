import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import type { AppEvent } from '../../../shared/contract/event.ts'
import { fail, ok, type Result } from '../../../shared/contract/result.ts'
import { askEarly } from '../../../renderer/transport/ask.ts'
import { setTransport, type LinkState, type Transport } from '../../../renderer/transport/transport.ts'
import { useCommand, useJob } from '../../../renderer/transport/use-command.ts'
import { useQuery } from '../../../renderer/transport/use-query.ts'

const calls: { name: string; input: unknown; settle: (result: Result<unknown>) => void }[] = []
const eventListeners = new Set<(event: AppEvent) => void>()
const linkListeners = new Set<(state: LinkState) => void>()
const scope = { current: effectScope() }

beforeEach(() => {
  vi.useFakeTimers()
  calls.length = 0
  eventListeners.clear()
  scope.current = effectScope()
  // The page's end of the wire, held by hand so that answers can come late and out of order.
  setTransport({
    request: (name: string, input: unknown) => new Promise((settle) => calls.push({ name, input, settle })),
    on(listener: (event: AppEvent) => void) {
      eventListeners.add(listener)
      return () => eventListeners.delete(listener)
    },
    onLink(listener: (state: LinkState) => void) {
      linkListeners.add(listener)
      return () => linkListeners.delete(listener)
    },
  } as unknown as Transport)
})
afterEach(() => {
  scope.current.stop()
  vi.useRealTimers()
})
const changed = (...topics: string[]) => {
  for (const listener of eventListeners) listener({ kind: 'changed', topics })
}
const run = <T>(make: () => T): T => scope.current.run(make) as T
const answer = async (index: number, value: unknown) => {
  calls[index]?.settle(ok(value))
  await nextTick()
}

describe('a query', () => {
  it('takes an answer that was asked for early, but neither a refusal nor one that a change made old', async () => {
    askEarly('app/belts', {})
    await answer(0, ['early'])
    vi.advanceTimersByTime(1000)
    const first = run(() => useQuery('app/belts', {}, { topics: ['app'] }))
    await nextTick()
    expect(calls).toHaveLength(1)
    expect(first.data.value).toEqual(['early'])

    askEarly('app/state', {})
    calls[1]!.settle(fail('not-signed-in'))
    await nextTick()
    run(() => useQuery('app/state', {}))
    expect(calls).toHaveLength(3)

    askEarly('app/syncBar', {})
    changed('orders')
    run(() => useQuery('app/syncBar', {}))
    expect(calls).toHaveLength(5)
  })

  it('reads at once and again for its topics only, once for hints that come together', async () => {
    const query = run(() => useQuery('app/belts', {}, { topics: ['app', 'belt'] }))
    expect(query.loading.value).toBe(true)
    await answer(0, ['one'])
    changed('orders')
    vi.advanceTimersByTime(500)
    expect(calls).toHaveLength(1)
    changed('app')
    changed('belt', 'app')
    vi.advanceTimersByTime(500)
    expect(calls).toHaveLength(2)
    expect(query.data.value).toEqual(['one'])
    await answer(1, ['two'])
    expect(query.data.value).toEqual(['two'])
  })

  it('never lets an answer to an older question overwrite a newer one', async () => {
    const limit = ref(1)
    const query = run(() => useQuery('plan/history', () => ({ limit: limit.value })))
    limit.value = 2
    await nextTick()
    expect(calls.map(({ input }) => input)).toEqual([{ limit: 1 }, { limit: 2 }])
    await answer(1, ['new'])
    await answer(0, ['old'])
    expect(query.data.value).toEqual(['new'])
  })

  it('is read anew when the newest answer is here, whoever asked for it', async () => {
    const query = run(() => useQuery('app/belts', {}, { topics: ['app'] }))
    await answer(0, ['one'])
    vi.advanceTimersByTime(100)
    let settled = false
    const reading = query.refresh().then(() => (settled = true))
    changed('app')
    vi.advanceTimersByTime(100)
    await answer(1, ['two'])
    expect(settled).toBe(false)
    await answer(2, ['three'])
    await reading
    expect(query.data.value).toEqual(['three'])
  })

  it('lets nobody wait for a screen that is gone', async () => {
    const query = run(() => useQuery('app/belts', {}))
    const reading = query.refresh()
    scope.current.stop()
    await answer(0, ['late'])
    await reading
    expect(query.data.value).toBeNull()
  })

  it('keeps the last good answer beside an error, and asks nothing while disabled', async () => {
    const enabled = ref(false)
    const query = run(() => useQuery('app/belts', {}, { enabled, topics: ['app'] }))
    expect(calls).toHaveLength(0)
    enabled.value = true
    await nextTick()
    await answer(0, ['kept'])
    changed('app')
    vi.advanceTimersByTime(100)
    calls[1]?.settle(fail('store-full'))
    await nextTick()
    expect(query.data.value).toEqual(['kept'])
    expect(query.error.value?.code).toBe('store-full')
  })

  it('reads again when the link returns after it had failed for want of one', async () => {
    const query = run(() => useQuery('app/belts', {}))
    calls[0]?.settle(fail('connection-lost'))
    await nextTick()
    for (const listener of linkListeners) listener('up')
    vi.advanceTimersByTime(100)
    await answer(1, ['back'])
    expect(query.data.value).toEqual(['back'])
    expect(query.error.value).toBeNull()
  })

  it('stops with its screen', () => {
    run(() => useQuery('app/belts', {}, { topics: ['app'] }))
    scope.current.stop()
    changed('app')
    vi.advanceTimersByTime(100)
    expect(calls).toHaveLength(1)
    expect(eventListeners.size).toBe(0)
  })
})

describe('a command', () => {
  it('is busy while it runs and keeps its refusal until the next try', async () => {
    const command = run(() => useCommand('backup/make'))
    const first = command.run({})
    expect(command.busy.value).toBe(true)
    calls[0]?.settle(fail('backup-failed'))
    expect((await first).ok).toBe(false)
    expect([command.busy.value, command.error.value?.code]).toEqual([false, 'backup-failed'])
    void command.run({})
    expect(command.error.value).toBeNull()
  })
})

describe('long work', () => {
  it('is followed by its own job id only', () => {
    const job = run(() => useJob('j1'))
    const emit = (event: AppEvent) => {
      for (const listener of eventListeners) listener(event)
    }
    emit({ kind: 'progress', jobId: 'j2', phase: 'reading', done: 9, total: 10 })
    expect(job.done.value).toBeUndefined()
    emit({ kind: 'progress', jobId: 'j1', phase: 'reading', done: 1, total: 4 })
    expect(job.done.value).toBe(0.25)
    emit({ kind: 'finished', jobId: 'j1', outcome: 'cancelled' })
    expect(job.outcome.value).toBe('cancelled')
  })
})
