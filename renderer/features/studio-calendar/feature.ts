import { defineFeature } from '../../app/registry.ts'

export default defineFeature({
  id: 'studio',
  routes: [
    {
      path: '/studio',
      component: () => import('./StudioScreen.vue'),
      meta: { titleKey: 'studio-calendar.title' },
    },
  ],
  rail: { icon: 'studio', labelKey: 'studio-calendar.rail', path: '/studio', letter: 'c' },
})
