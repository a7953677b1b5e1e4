import { defineFeature } from '../../app/registry.ts'

export default defineFeature({
  id: 'belt',
  routes: [
    {
      path: '/belt',
      component: () => import('./BeltScreen.vue'),
      meta: { titleKey: 'belt.title' },
    },
  ],
  rail: { icon: 'belt', labelKey: 'belt.rail', path: '/belt', letter: 'd' },
})
