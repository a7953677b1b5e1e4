import { defineFeature } from '../../app/registry.ts'

export default defineFeature({
  id: 'plan',
  routes: [
    { path: '/plan', component: () => import('./PlanScreen.vue'), meta: { titleKey: 'versions.title' } },
  ],
  commands: (t) => [
    {
      id: 'plan:history',
      title: t('board.menu.history'),
      icon: 'history',
      run: () => {
        location.hash = '#/plan'
      },
    },
    {
      id: 'plan:what-if',
      title: t('board.menu.whatIf'),
      icon: 'board',
      run: () => {
        location.hash = '#/plan?tab=what-if'
      },
    },
    {
      id: 'plan:report',
      title: t('board.menu.report'),
      icon: 'notice',
      run: () => {
        location.hash = '#/board?report=line-down'
      },
    },
  ],
})
