import { Refusal } from '../../../../shared/contract/result.ts'
import type { appContract, AppState, SyncBar } from '../../../../shared/contract/app.ts'
import type { Actor, ActionHandlers, QueryHandlers } from '../../context.ts'
import type { Services } from '../../services.ts'
import { refuseEasyPin, storePin } from '../../people/pins.ts'
import { createBelt } from './create-belt.ts'
import { replaceKeys } from './replace-keys.ts'
import { basesOf, currentPlanOf, peopleOf, personOf, recordCounts } from '../../people/state.ts'

interface CoreContext {
  readonly actor: Actor
  readonly services: Services
}

type CoreQueries = {
  [N in keyof QueryHandlers<typeof appContract>]: (
    input: Parameters<QueryHandlers<typeof appContract>[N]>[0],
    ctx: CoreContext,
  ) => ReturnType<QueryHandlers<typeof appContract>[N]>
}

type AppActions = Omit<
  ActionHandlers<typeof appContract>,
  'session/open' | 'session/close' | 'person/setPin' | 'app/openDemo'
>

function appState({ actor, services }: CoreContext): AppState {
  const belt = services.openBelt()
  const trouble = services.trouble()
  const common = {
    deviceName: services.files.deviceName,
    version: services.version,
    trouble,
    keyGuard: belt && !belt.info.isDemo ? services.keyFiles.guardOf(belt.known.store) : null,
  }
  if (!belt) {
    const phase = trouble ? 'trouble' : 'first-run'
    return { ...common, phase, belt: null, people: [], person: null, bases: [], nowMs: services.clock() }
  }
  const { db } = belt.store
  const person = actor.personId === null ? null : personOf(db, actor.personId)
  return {
    ...common,
    phase: person ? 'ready' : 'sign-in',
    belt: { ...belt.info, name: belt.known.name, shortName: beltShortName(belt.store.db) },
    people: peopleOf(db, services.clock()),
    person,
    bases: basesOf(db),
    nowMs: belt.nowMs(),
  }
}

function beltShortName(db: ReturnType<Services['belt']>['store']['db']): string {
  return (
    (db.prepare('SELECT shortName FROM belt LIMIT 1').get() as { shortName: string } | undefined)
      ?.shortName ?? ''
  )
}

const NO_BELT: Omit<SyncBar, 'deviceName'> = {
  network: 'no-hub',
  offlineSinceMs: null,
  receiving: null,
  local: 0,
  pending: 0,
  confirmed: 0,
  refused: 0,
  lastContactMs: null,
  latencyMs: null,
  plan: null,
  badge: 'calm',
}

function syncBar({ services }: CoreContext): SyncBar {
  const belt = services.openBelt()
  const deviceName = services.files.deviceName
  if (!belt) return { ...NO_BELT, deviceName }
  const counts = recordCounts(belt.store.db)
  const bar = services.sync.bar()
  return {
    ...NO_BELT,
    ...bar,
    deviceName,
    ...counts,
    plan: currentPlanOf(belt.store.db),
    badge: bar.badge === 'calm' && counts.refused > 0 ? 'act' : bar.badge,
  }
}

export const appCoreQueries: CoreQueries = {
  'app/state': (_, ctx) => appState(ctx),
  'app/syncBar': (_, ctx) => syncBar(ctx),
  'app/belts': (_, { services }) =>
    services.files.list().map(({ store, name, isDemo, openedMs }) => ({ id: store, name, isDemo, openedMs })),
}

export const appActions: AppActions = {
  'app/createBelt': async (input, { actor, services }) => {
    refuseEasyPin(input.administrator.pin)
    await services.keyFiles.prepare()
    const made = createBelt(services, input)
    await storePin(services.belt().store.db, made.personId, input.administrator.pin, services.clock())
    services.setPerson(actor.connectionId, made.personId)
    services.emit({ kind: 'changed', topics: ['app'] })
    return { beltId: made.beltId, recoveryCode: made.recoveryCode }
  },
  'app/leaveBelt': (_, { services }) => {
    services.closeBelt()
    services.files.close()
    services.emit({ kind: 'changed', topics: ['app'] })
    return Promise.resolve(null)
  },
  'app/openBelt': async ({ beltId }, { services }) => {
    const known = services.files.list().find((belt) => belt.store === beltId)
    if (!known) throw new Refusal('not-found', { table: 'belt', id: beltId })
    await services.keyFiles.unlock([known.store], true)
    services.switchTo(known.store)
    services.emit({ kind: 'changed', topics: ['app'] })
    return null
  },
  'app/replaceKeys': async ({ recoveryCode }, { actor, services }) => {
    await replaceKeys(services, actor, recoveryCode)
    return null
  },
  'app/removeDemo': (_, { services }) => {
    const demo = services.files.list().find((belt) => belt.isDemo)
    if (demo) {
      if (services.openBelt()?.known.store === demo.store) services.closeBelt()
      services.files.remove(demo.store)
      services.emit({ kind: 'changed', topics: ['app'] })
    }
    return Promise.resolve(null)
  },
}
