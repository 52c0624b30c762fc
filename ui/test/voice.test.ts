import assert from 'node:assert/strict';
import { test } from 'node:test';
import { voiceFor } from '../src/lib/voice.ts';

const voices = ['ja-JP', 'en-GB', 'en-US', 'zh-HK', 'zh-CN', 'zh_TW', 'vi-VN', 'pt-PT', 'pt-BR', 'fil-PH', 'id-ID'].map((lang) => ({ lang }));

test('each language is read by a voice of its own', () => {
  const read = (language: string): string | undefined => voiceFor(voices, language)?.lang;
  assert.equal(read('ja'), 'ja-JP');
  assert.equal(read('zh-Hans'), 'zh-CN');
  assert.equal(read('vi'), 'vi-VN');
  assert.equal(read('pt-BR'), 'pt-BR');
  assert.equal(read('fil'), 'fil-PH');
  assert.equal(read('tl'), 'fil-PH');
  assert.equal(read('id'), 'id-ID');
  assert.equal(read('en'), 'en-US');
});

test('nobody is read to in a language they do not hear', () => {
  assert.equal(voiceFor([{ lang: 'ja-JP', default: true }], 'vi'), undefined);
  assert.equal(voiceFor([], 'ja'), undefined);
});

test('a voice of the device goes before one of the network', () => {
  const found = voiceFor([{ lang: 'vi-VN', localService: false }, { lang: 'vi-VN', localService: true }], 'vi');
  assert.equal(found?.localService, true);
});
