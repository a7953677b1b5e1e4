import { createPinia, setActivePinia } from 'pinia'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { ErrorCode } from '../../shared/contract/errors.ts'
import { fail, ok } from '../../shared/contract/result.ts'
import type { AppEvent } from '../../shared/contract/event.ts'
import type { Role } from '../../shared/contract/define.ts'
import { i18n } from '../../renderer/app/i18n.ts'
import { useSession } from '../../renderer/app/stores/session.ts'
import { setTransport, type Transport } from '../../renderer/transport/transport.ts'

/** Element-plus lays these out by computed styles, which takes a second each in a page without a browser. */
const SLOW_CONTROLS = { ElSelect: true, ElOption: true, ElDatePicker: true, ElInputNumber: true }

/** Answers by request name; an Error's message is the code of a refusal. */
export type Answers = Record<string, (input: never) => unknown>

/**
 * The page's end of the wire for a component: what it asks is kept in `calls`, the answers are the test's own. For how a screen
 * looks at answers; what the core does is tested on the core.
 */
export async function openPage(answers: Answers, role: Role = 'administrator') {
  const calls: { name: string; input: unknown }[] = []
  const listeners = new Set<(event: AppEvent) => void>()
  setTransport({
    request(name: string, input: unknown) {
      calls.push({ name, input })
      const answer = answers[name]?.(input as never) ?? null
      return Promise.resolve(answer instanceof Error ? fail(answer.message as ErrorCode) : ok(answer))
    },
    on(listener: (event: AppEvent) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onLink: () => () => {},
  } as unknown as Transport)
  const pinia = createPinia()
  setActivePinia(pinia)
  const nowMs = Date.parse('2026-09-17T14:20:00+08:00')
  answers['app/state'] ??= () => ({
    phase: 'ready',
    belt: { id: 'b', name: '威海渔具产业带', shortName: '威海', isDemo: false, timeZone: 'Asia/Shanghai' },
    people: [],
    person: { id: 'p', name: '王岩', shortName: '王', role, baseId: null },
    bases: [{ id: 'base-1', name: '文登基地', shortName: '文登', kind: 'rural' }],
    nowMs,
  })
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:rest(.*)*', component: { template: '<i />' } }],
  })
  await useSession().refresh()
  const sent = (name: string) => calls.filter((call) => call.name === name).map((call) => call.input)
  return { calls, sent, router, nowMs, global: { plugins: [pinia, router, i18n], stubs: SLOW_CONTROLS } }
}
