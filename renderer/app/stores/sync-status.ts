import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { SyncBar } from '../../../shared/contract/app.ts'
import { transport, type LinkState } from '../../transport/transport.ts'

/** Any change may have moved a figure; hints that come together are answered by one reading. */
const GATHER_MS = 150
/** The figures also age without events (minutes offline, last contact). */
const REREAD_MS = 15_000

/** The one truth bar: network, own records on their way, last contact, plan and machine. */
export const useSyncStatus = defineStore('sync-status', () => {
  const bar = shallowRef<SyncBar | null>(null)
  /** The link between this page and the core on this machine, not the network. */
  const link = ref<LinkState>('connecting')
  const needsPerson = computed(() => bar.value !== null && bar.value.badge !== 'calm')
  let reading = false
  let again = false
  let pending: ReturnType<typeof setTimeout> | null = null

  async function refresh(): Promise<void> {
    if (reading) {
      again = true
      return
    }
    reading = true
    const result = await transport().request('app/syncBar', {})
    if (result.ok) bar.value = result.value
    reading = false
    if (again) {
      again = false
      void refresh()
    }
  }

  function soon() {
    pending ??= setTimeout(() => {
      pending = null
      void refresh()
    }, GATHER_MS)
  }

  function start() {
    transport().on((event) => {
      if (event.kind === 'changed') soon()
    })
    transport().onLink((state) => {
      link.value = state
      if (state === 'up') void refresh()
    })
    setInterval(() => void refresh(), REREAD_MS)
  }

  return { bar, link, needsPerson, refresh, start }
})
