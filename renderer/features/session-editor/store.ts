import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { SessionDraft } from './draft.ts'

/** What the editor is open for. */
export type EditorTarget =
  | { readonly kind: 'new'; readonly merchantId?: string }
  | { readonly kind: 'edit'; readonly sessionId: string }

export const keyOf = (target: EditorTarget): string => (target.kind === 'new' ? 'new' : target.sessionId)

/** The session editor lies over whatever screen asked for it. What was typed and not saved stays until it is saved or dropped. */
export const useSessionEditor = defineStore('sessionEditor', () => {
  const target = ref<EditorTarget | null>(null)
  const kept = new Map<string, SessionDraft>()

  return {
    target,
    openNew: (merchantId?: string) => {
      target.value = { kind: 'new', merchantId }
    },
    openFor: (sessionId: string) => {
      target.value = { kind: 'edit', sessionId }
    },
    close: () => {
      target.value = null
    },
    keep: (key: string, draft: SessionDraft) => void kept.set(key, draft),
    drop: (key: string) => void kept.delete(key),
    keptFor: (key: string): SessionDraft | null => kept.get(key) ?? null,
  }
})
