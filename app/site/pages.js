/**
 * The pages of the site, in their order, and the chapters that each shows. A block finds what the blocks before it
 * define, those of earlier pages included.
 *
 * @typedef {object} Page
 * @property {string} path from the site's root; '' is the root itself
 * @property {string} name in the contents
 * @property {string} title
 * @property {string} description for who has not opened it yet
 * @property {string} file what a reader takes along is called, without its ending
 * @property {string[]} chapters
 */

/** What a reader takes along of all pages is called, without its ending. */
export const ALL = 'rlhf-and-dpo';

/** Shows the one block that its address names, in a frame of another site. @type {Page} */
export const EMBED = {
  path: 'embed/',
  name: 'A block alone',
  title: 'A block alone',
  description: 'One block of Preference Lab, to be shown in a page of yours.',
  file: ALL,
  chapters: [],
};

/** @type {Page[]} */
export const PAGES = [
  {
    path: '',
    name: 'The lesson',
    title: 'RLHF and DPO, running in your browser',
    description:
      'Preference pairs, a reward model, PPO and DPO as NumPy code that you can run and edit in the page, ' +
      'next to exact answers.',
    file: 'the-lesson',
    chapters: [
      '00_playground',
      '00b_reader',
      '01_preferences',
      '02_rlhf',
      '03_dpo',
      '04_head_to_head',
      '05_mistakes',
      '06_over_optimisation',
      '07_exercises',
      '08_questions',
      '08b_references',
    ],
  },
  {
    path: 'words/',
    name: 'Words',
    title: 'Words: a language model small enough to be solved',
    description:
      'A storyteller of 76 words is trained in the page and aligned by RLHF and by DPO, next to the exact optimum.',
    file: 'words',
    chapters: [
      '11_words_1_model',
      '11_words_2_optimum',
      '11_words_3_training',
      '11_words_3b_reader',
      '11_words_4_credit',
    ],
  },
  {
    path: 'relatives/',
    name: 'The relatives',
    title: 'The relatives of PPO and DPO, running in your browser',
    description:
      'IPO, KTO, SimPO, cDPO, rDPO, ORPO, REINFORCE, RLOO and GRPO on the same pairs, next to exact answers.',
    file: 'the-relatives',
    chapters: ['09_relatives', '09b_wrong_labels', '09c_from_rewards', '09d_today'],
  },
  {
    path: 'ledger/',
    name: 'The ledger',
    title: 'The ledger: a published recipe, run again',
    description: 'What the article prints and claims, beside what its recipe gives when it runs, over twenty seeds.',
    file: 'the-ledger',
    chapters: ['10_ledger'],
  },
  {
    path: 'check/',
    name: 'Check it yourself',
    title: 'Check it yourself: your loss, held against reference cases in the page',
    description:
      'Paste DPO, IPO, KTO, ORPO, SimPO, PPO, RLOO or GRPO: a known mistake is named with its line. ' +
      'And everything on this site, recomputed in your browser.',
    file: 'check-it-yourself',
    chapters: [
      '12_check_1_loss',
      '12_check_1b_design',
      '12_check_2_recomputed',
      '12_check_3_questions',
      '12_check_4_cite',
    ],
  },
];
