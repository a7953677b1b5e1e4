import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { defineFeature } from '../../app/registry.ts'
import { useSession } from '../../app/stores/session.ts'
import { transport } from '../../transport/transport.ts'
import { useQuery } from '../../transport/use-query.ts'
import type { IconName } from '../../ui/icons.ts'
import TodayScreen from './TodayScreen.vue'
import { TODAY_TOPICS } from './topics.ts'

const hitIcons: Record<string, IconName> = {
  merchant: 'person',
  session: 'live',
  sku: 'fulfil',
  order: 'file',
}

export default defineFeature({
  id: 'today',
  routes: [
    {
      path: '/today',
      // Not lazy: it is what a start opens on.
      component: TodayScreen,
      meta: { titleKey: 'today.title' },
    },
  ],
  rail: {
    icon: 'today',
    labelKey: 'today.rail',
    path: '/today',
    letter: 't',
    useBadge() {
      const { t } = useI18n()
      const session = useSession()
      const view = useQuery('today/view', () => ({ baseId: session.base?.id ?? null }), {
        topics: TODAY_TOPICS,
        enabled: () => session.state?.phase === 'ready',
      })
      return computed(() => {
        const count = view.data.value?.matters.filter(({ owner }) => owner?.mine).length ?? 0
        return count === 0 ? null : { count, label: t('today.badge', { count }, count) }
      })
    },
  },
  async search(text) {
    const result = await transport().request('search/all', { text, limit: 12 })
    if (!result.ok) return []
    return result.value.map((hit) => ({
      id: `${hit.kind}:${hit.id}`,
      title: hit.title,
      note: hit.note,
      icon: hitIcons[hit.kind] ?? 'search',
      run: () => {
        location.hash =
          hit.kind === 'session'
            ? `#/today?session=${encodeURIComponent(hit.id)}`
            : hit.kind === 'merchant'
              ? `#/belt?merchant=${encodeURIComponent(hit.id)}`
              : `#/import?find=${encodeURIComponent(hit.title)}`
      },
    }))
  },
})
