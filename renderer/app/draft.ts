import { computed, reactive, ref, watch } from 'vue'

/**
 * What a form shows: what is stored until somebody types, from then on theirs, whatever arrives meanwhile, until it is saved.
 * @param stored what is stored as the form shows it, a new object each time; null while it is not known
 */
export function useDraft<T extends object>(stored: () => T | null, empty: T) {
  const draft = reactive({ ...empty }) as T
  const typed = computed(() => JSON.stringify(draft))
  const shown = ref<string | null>(null)
  const isSaved = ref(false)
  watch(
    stored,
    (found) => {
      if (!found || (shown.value !== null && typed.value !== shown.value)) return
      Object.assign(draft, found)
      shown.value = typed.value
    },
    { immediate: true },
  )
  watch(typed, () => (isSaved.value = false))

  /** Takes the draft as stored when `send` succeeds; what was typed while it ran stays typed. */
  async function save(send: () => Promise<{ readonly ok: boolean }>): Promise<void> {
    isSaved.value = false
    const sent = typed.value
    if (!(await send()).ok) return
    shown.value = sent
    isSaved.value = typed.value === sent
  }

  /** `isReady`: what is stored has come; `isSaved`: from saving until the next edit. */
  return { draft, isReady: computed(() => shown.value !== null), isSaved, save }
}
