// English: the home page.
import { plural } from '../plural';

export const home = {
  promise: 'Meet somebody new, face to face.',
  promiseMore:
    'One press, and you are talking with a person who wanted to talk too. Say hello by video, voice or text. Press Next when you are ready for another.',
  hereNow: (count: number) =>
    plural(count, { one: '# person here now', other: '# people here now' }),
  pictureLabel:
    'A drawing of a call: two people side by side, a short chat beneath, and a button that says Next.',
  pictureThem: ['Ada', 'Noor', 'Tomás'],
  pictureYou: 'You',
  pictureHello: 'Hi, where are you?',
  pictureAnswer: 'By the sea. And you?',
  pictureNext: 'Next',
  howTitle: 'How it works',
  steps: [
    {
      title: 'Look in the mirror',
      text: 'See your own picture, pick your camera and microphone, say what you want to be called. Or skip both and write.',
    },
    {
      title: 'Meet',
      text: 'You are put together with somebody who is waiting for the same kind of talk. No profiles, no swiping.',
    },
    {
      title: 'Stay, or press Next',
      text: 'Talk for two minutes or two hours. One press brings the next person, another one ends it.',
    },
  ],
  safeTitle: 'Private, in plain words',
  safe: [
    {
      title: 'Straight from you to them',
      text: 'Picture and sound are encrypted and go between your two browsers. Nothing of it is recorded here.',
    },
    {
      title: 'No account',
      text: 'No e-mail, no password, no profile. A name is up to you, and it can be any.',
    },
    {
      title: 'You can always leave',
      text: 'Next and Stop work at once, whatever the other side does. Your camera light goes off when your camera does.',
    },
    {
      title: 'What we cannot promise',
      text: 'The person across may film their own screen, and a direct connection lets their browser learn your network address. Share what you would share in a café.',
    },
  ],
  questionsTitle: 'Questions',
  questions: [
    {
      question: 'Do I need a camera?',
      answer:
        'No. Choose voice to talk without a picture, or text to write. You meet people who chose the same.',
    },
    {
      question: 'Who will I meet?',
      answer:
        'Whoever has been waiting longest for the kind of call you chose. Nobody can look for you in particular.',
    },
    {
      question: 'What happens to what I write?',
      answer:
        'Chat goes to the person you are with, through this site. It is gone from your screen when you meet the next person.',
    },
    {
      question: 'Somebody is unpleasant. What do I do?',
      answer:
        'Press Next, or Stop. They are gone at that moment and learn nothing that leads back to you.',
    },
    {
      question: 'Which browsers work?',
      answer:
        'Current Chrome, Edge, Firefox and Safari, on a computer or a phone. With an older one you can still meet in text.',
    },
  ],
  endTitle: 'Somebody is about to say hello.',
  endAction: 'Say hello',
} as const;
