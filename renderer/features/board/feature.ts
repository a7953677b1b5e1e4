import { defineFeature } from '../../app/registry.ts'

export default defineFeature({
  id: 'board',
  routes: [
    {
      path: '/board',
      component: () => import('./BoardScreen.vue'),
      meta: { titleKey: 'board.title' },
    },
  ],
  rail: { icon: 'board', labelKey: 'board.rail', path: '/board', letter: 'b' },
})
