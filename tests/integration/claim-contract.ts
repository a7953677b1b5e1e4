import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Fields } from '../../shared/ops/types.ts'
import { MERCHANT, STUDIO } from '../fixtures/rows.ts'

export interface GrantRow {
  readonly bookingId: string
  readonly resourceKey: string
  readonly unit: number
  readonly startMs: number
  readonly endMs: number
  readonly fence: number
}

/** A store that answers claims, as the contract sees it. */
export interface ClaimStore {
  create(table: 'studio' | 'streamer' | 'equipment' | 'merchant', fields: Fields): Promise<string>
  claim(fields: Fields): Promise<string>
  release(bookingId: string): Promise<void>
  /** Says whether a refused booking waits for its place. */
  wait(bookingId: string, waits?: boolean): Promise<void>
  answer(
    bookingId: string,
  ): Promise<{ outcome: string; reason: string; heldBy: string | null; alternatives: unknown[] } | null>
  /** What stands now, by fence. */
  grants(): Promise<GrantRow[]>
  /** Writes a grant past the arbiter; must throw when the store's own constraint refuses it. */
  force(grant: GrantRow): Promise<void>
  close(): Promise<void>
}

const HOUR = 3_600_000
const START = Math.ceil(Date.now() / HOUR) * HOUR + 48 * HOUR
const BASE = '00000000001'

const OWN_STUDIO = {
  ...STUDIO,
  name: 's',
  shortName: 's',
  baseId: BASE,
}
const STREAMER = {
  name: 'x',
  shortName: 'x',
  baseId: null,
  identityVerified: true,
  birthDate: null,
  guardianConsent: false,
  firstTrainedMs: null,
  lastTrainedMs: null,
  grade: 'A',
  families: [],
  maxMinPerDay: 600,
  maxStretchMin: 240,
  minRestMin: 0,
  weekly: [],
}
const OWN_MERCHANT = {
  ...MERCHANT,
  name: 'm',
  shortName: 'm',
  baseId: BASE,
}

/** What every store that grants exclusive use must do. */
export function claimStoreContract(name: string, open: () => Promise<ClaimStore>): void {
  describe(`claims in ${name}`, () => {
    let store: ClaimStore
    let studio: string
    beforeEach(async () => {
      store = await open()
      studio = await store.create('studio', OWN_STUDIO)
    })
    afterEach(() => store.close())

    const booking = (extra: Fields = {}): Fields => ({
      baseId: BASE,
      sessionId: null,
      merchantId: null,
      label: 'x',
      studioId: studio,
      streamerIds: [],
      kit: [],
      startMs: START,
      endMs: START + HOUR,
      beforeMin: 0,
      afterMin: 0,
      expiresMs: null,
      ...extra,
    })
    const outcome = async (id: string) => (await store.answer(id))?.outcome

    it('grants a free slot and refuses the next claim of it with who holds it and what is free', async () => {
      const first = await store.claim(booking())
      const second = await store.claim(booking({ startMs: START + HOUR / 2, endMs: START + HOUR * 1.5 }))
      expect(await outcome(first)).toBe('granted')
      const answer = await store.answer(second)
      expect(answer).toMatchObject({ outcome: 'refused', reason: 'studio-taken', heldBy: first })
      expect(answer!.alternatives).toHaveLength(3)
    })

    it('lets slots touch, but not with buffers between them', async () => {
      await store.claim(booking())
      const touching = await store.claim(booking({ startMs: START + HOUR, endMs: START + 2 * HOUR }))
      const buffered = await store.claim(booking({ startMs: START - HOUR, endMs: START, afterMin: 15 }))
      expect([await outcome(touching), await outcome(buffered)]).toStrictEqual(['granted', 'refused'])
    })

    it('a streamer is in one room at a time', async () => {
      const [other, streamer] = [
        await store.create('studio', OWN_STUDIO),
        await store.create('streamer', STREAMER),
      ]
      await store.claim(booking({ streamerIds: [streamer] }))
      const elsewhere = await store.claim(booking({ studioId: other, streamerIds: [streamer] }))
      expect(await store.answer(elsewhere)).toMatchObject({ outcome: 'refused', reason: 'streamer-taken' })
    })

    it('gives kit out by unit number until none is left', async () => {
      const [other, lamp] = [
        await store.create('studio', OWN_STUDIO),
        await store.create('equipment', { name: 'lamp', baseId: BASE, quantity: 3 }),
      ]
      const kit = (quantity: number) => [{ equipmentId: lamp, quantity }]
      const first = await store.claim(booking({ kit: kit(2) }))
      const tooMany = await store.claim(booking({ studioId: other, kit: kit(2) }))
      const fitting = await store.claim(booking({ studioId: other, kit: kit(1) }))
      expect(await store.answer(tooMany)).toMatchObject({
        outcome: 'refused',
        reason: 'kit-short',
        heldBy: first,
      })
      expect(await outcome(fitting)).toBe('granted')
      const units = (await store.grants()).filter(({ resourceKey }) => resourceKey === `kit:${lamp}`)
      expect(units.map(({ unit }) => unit).sort()).toStrictEqual([1, 2, 3])
    })

    it('refuses who is on the black list', async () => {
      const merchantId = await store.create('merchant', { ...OWN_MERCHANT, listStatus: 'black' })
      expect(await store.answer(await store.claim(booking({ merchantId })))).toMatchObject({
        reason: 'merchant-blocked',
      })
    })

    it('a release frees everything the booking held, once', async () => {
      const first = await store.claim(booking())
      await store.release(first)
      expect(await outcome(first)).toBe('released')
      expect(await store.grants()).toStrictEqual([])
      const second = await store.claim(booking())
      await store.release(first)
      expect(await outcome(second)).toBe('granted')
      expect(await store.grants()).toHaveLength(1)
    })

    it('a place that is given back goes to the claim that has waited longest, and only once', async () => {
      const first = await store.claim(booking())
      const [second, third, idle] = [
        await store.claim(booking()),
        await store.claim(booking()),
        await store.claim(booking()),
      ]
      await store.wait(third)
      await store.wait(second)
      expect(await outcome(third)).toBe('refused')
      await store.release(first)
      expect(await store.answer(third)).toMatchObject({ outcome: 'granted', reason: 'waitlist' })
      expect([await outcome(second), await outcome(idle)]).toStrictEqual(['refused', 'refused'])
      expect((await store.grants()).map(({ bookingId }) => bookingId)).toStrictEqual([third])
      await store.release(third)
      expect([await outcome(third), await outcome(second)]).toStrictEqual(['released', 'granted'])
      await store.release(second)
      expect(await store.grants()).toStrictEqual([])
      expect(await outcome(idle)).toBe('refused')
    })

    it('who stopped waiting, or whose time has begun, gets nothing', async () => {
      const past = { startMs: Date.now() - HOUR, endMs: Date.now() + HOUR }
      const [first, begun] = [await store.claim(booking()), await store.claim(booking(past))]
      const [second, late] = [await store.claim(booking()), await store.claim(booking(past))]
      await store.wait(second)
      await store.wait(second, false)
      await store.wait(late)
      await store.release(first)
      await store.release(begun)
      expect([await outcome(second), await outcome(late)]).toStrictEqual(['refused', 'refused'])
      expect(await store.grants()).toStrictEqual([])
    })

    it('who begins to wait for a place that is free by then has it at once', async () => {
      const first = await store.claim(booking())
      const second = await store.claim(booking())
      await store.release(first)
      expect(await outcome(second)).toBe('refused')
      await store.wait(second)
      expect(await outcome(second)).toBe('granted')
    })

    it('a claim that waits needs all that it asked for', async () => {
      const other = await store.create('studio', OWN_STUDIO)
      const streamer = await store.create('streamer', STREAMER)
      const room = await store.claim(booking())
      const person = await store.claim(booking({ studioId: other, streamerIds: [streamer] }))
      const both = await store.claim(booking({ streamerIds: [streamer] }))
      await store.wait(both)
      await store.release(room)
      expect(await outcome(both)).toBe('refused')
      await store.release(person)
      expect(await outcome(both)).toBe('granted')
      expect(await store.grants()).toHaveLength(2)
    })

    it('fences only rise, also after releases', async () => {
      const fences: number[] = []
      for (let round = 0; round < 4; round++) {
        const id = await store.claim(booking())
        fences.push(...(await store.grants()).map(({ fence }) => fence))
        await store.release(id)
      }
      expect(fences).toStrictEqual([...fences].sort((a, b) => a - b))
      expect(new Set(fences).size).toBe(4)
    })

    it('the store’s own constraint refuses a second holder of a unit', async () => {
      await store.claim(booking())
      const [held] = await store.grants()
      await expect(
        store.force({
          ...held!,
          bookingId: 'someone-else',
          fence: 1000,
          startMs: held!.endMs - 1,
          endMs: held!.endMs + 5,
        }),
      ).rejects.toThrow()
      await store.force({
        ...held!,
        bookingId: 'someone-else',
        fence: 1001,
        startMs: held!.endMs,
        endMs: held!.endMs + 5,
      })
    })
  })
}
