import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { defineFeature } from '../../app/registry.ts'
import { useSyncStatus } from '../../app/stores/sync-status.ts'

export default defineFeature({
  id: 'sync',
  routes: [{ path: '/sync', component: () => import('./SyncScreen.vue'), meta: { titleKey: 'sync.title' } }],
  rail: {
    icon: 'sync',
    labelKey: 'sync.rail',
    path: '/sync',
    letter: 's',
    useBadge: () => {
      const { t } = useI18n()
      const status = useSyncStatus()
      return computed(() => {
        if (!status.needsPerson) return null
        const count = Math.max(1, status.bar?.refused ?? 0)
        return { count, label: t('sync.needsPerson', { count }, count) }
      })
    },
  },
})
