import { defineFeature } from '../../app/registry.ts'

export default defineFeature({
  id: 'import',
  routes: [
    {
      path: '/import',
      component: () => import('./ImportScreen.vue'),
      meta: { titleKey: 'import.title' },
    },
  ],
  rail: {
    icon: 'import',
    labelKey: 'import.rail',
    path: '/import',
    letter: 'i',
    roles: ['administrator', 'planner', 'cluster-manager'],
  },
})
