import { defineFeature } from '../../app/registry.ts'

const TABS = [
  'merchants',
  'products',
  'skus',
  'lines',
  'studios',
  'streamers',
  'factories',
  'bases',
  'equipment',
] as const

export default defineFeature({
  id: 'catalogue',
  routes: [
    {
      path: '/catalogue/:tab?',
      component: () => import('./CatalogueScreen.vue'),
      meta: { titleKey: 'catalogue.title' },
    },
  ],
  rail: { icon: 'database', labelKey: 'catalogue.rail', path: '/catalogue', letter: 'm' },
  commands: (t) =>
    TABS.map((tab) => ({
      id: `catalogue:${tab}`,
      title: `${t('catalogue.title')} · ${t(`catalogue.kind.${tab}`)}`,
      icon: 'database' as const,
      run: () => {
        location.hash = `#/catalogue/${tab}`
      },
    })),
})
