import { effectScope, nextTick, shallowRef } from 'vue'
import { describe, expect, it } from 'vitest'
import { useDraft } from '../../../renderer/app/draft.ts'

interface Answers {
  mode: string
  days: number
}

function form() {
  const stored = shallowRef<Answers | null>(null)
  const made = effectScope().run(() =>
    useDraft<Answers>(() => stored.value && { ...stored.value }, { mode: 'suggest', days: 14 }),
  )!
  return { stored, ...made }
}
const store = async (stored: { value: Answers | null }, answers: Answers) => {
  stored.value = answers
  await nextTick()
}

describe('a form over what is stored', () => {
  it('is ready once that has come, and follows it while nobody types', async () => {
    const { stored, draft, isReady } = form()
    expect(isReady.value).toBe(false)
    await store(stored, { mode: 'apply', days: 7 })
    expect(isReady.value).toBe(true)
    expect(draft).toEqual({ mode: 'apply', days: 7 })
    await store(stored, { mode: 'apply', days: 21 })
    expect(draft.days).toBe(21)
  })

  it('keeps what is being typed when something arrives meanwhile', async () => {
    const { stored, draft } = form()
    await store(stored, { mode: 'suggest', days: 14 })
    draft.mode = 'apply'
    await store(stored, { mode: 'suggest', days: 10 })
    expect(draft).toEqual({ mode: 'apply', days: 14 })
    draft.mode = 'suggest'
    await store(stored, { mode: 'suggest', days: 9 })
    expect(draft.days).toBe(9)
  })

  it('says that it is saved until the next edit, and not of what was typed while saving', async () => {
    const { stored, draft, isSaved, save } = form()
    await store(stored, { mode: 'suggest', days: 14 })
    draft.days = 20
    await save(() => Promise.resolve({ ok: false }))
    expect(isSaved.value).toBe(false)
    await save(() => Promise.resolve({ ok: true }))
    expect(isSaved.value).toBe(true)
    await store(stored, { mode: 'suggest', days: 20 })
    expect(isSaved.value).toBe(true)
    draft.days = 21
    await nextTick()
    expect(isSaved.value).toBe(false)
    const saving = save(async () => {
      draft.days = 22
      await nextTick()
      return { ok: true }
    })
    await saving
    expect(isSaved.value).toBe(false)
    await store(stored, { mode: 'suggest', days: 21 })
    expect(draft.days).toBe(22)
  })
})
