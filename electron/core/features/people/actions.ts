import { Refusal } from '../../../../shared/contract/result.ts'
import type { appContract } from '../../../../shared/contract/app.ts'
import type { ActionHandlers } from '../../context.ts'
import type { Services } from '../../services.ts'
import { personOf } from '../../people/state.ts'
import { anyPin, checkPin, hasPin, refuseEasyPin, storePin } from '../../people/pins.ts'

type PeopleActions = Pick<
  ActionHandlers<typeof appContract>,
  'session/open' | 'session/close' | 'person/setPin'
>

async function verify(services: Services, personId: string, pin: string, isRemote: boolean): Promise<void> {
  const { store, info, keys } = services.belt()
  // People of the demo belt have no PIN: it holds nobody's data and can never enrol.
  if (info.isDemo && !hasPin(store.db, personId)) return
  // PINs never travel: on a device that joined a hub, a person's first sign-in chooses theirs. What the device may do is
  // bounded by its certificate, whoever signs in.
  // A restored belt has nobody's PIN; whoever restored it holds its data already.
  const mayChoose = (keys.rootSeed === null && store.hasHub) || !anyPin(store.db)
  if (mayChoose && !isRemote && !hasPin(store.db, personId)) {
    refuseEasyPin(pin)
    await storePin(store.db, personId, pin, services.clock())
    return
  }
  await checkPin(store.db, personId, pin, services.clock())
}

export const peopleActions: PeopleActions = {
  'session/open': async ({ personId, pin }, { actor, services }) => {
    const person = personOf(services.belt().store.db, personId)
    if (!person) throw new Refusal('wrong-pin', { triesLeft: 0 })
    await verify(services, personId, pin, services.isRemote(actor.connectionId))
    services.setPerson(actor.connectionId, personId)
    services.emit({ kind: 'changed', topics: ['app', 'people'] }, actor.connectionId)
    return person
  },
  'session/close': (_, { actor, services }) => {
    services.setPerson(actor.connectionId, null)
    services.emit({ kind: 'changed', topics: ['app', 'people'] }, actor.connectionId)
    return Promise.resolve(null)
  },
  'person/setPin': async ({ personId, pin, currentPin }, { actor, services }) => {
    const { store } = services.belt()
    if (!personOf(store.db, personId)) throw new Refusal('not-found', { table: 'person', id: personId })
    const own = actor.personId === personId
    if (!own && actor.role !== 'administrator') throw new Refusal('not-allowed', { role: actor.role ?? '' })
    if (own && hasPin(store.db, personId))
      await checkPin(store.db, personId, currentPin ?? '', services.clock())
    refuseEasyPin(pin)
    await storePin(store.db, personId, pin, services.clock())
    services.emit({ kind: 'changed', topics: ['people'] })
    return null
  },
}
