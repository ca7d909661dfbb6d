#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes templates/cases.json: small templates of ours and what Jinja2 makes of them.

Also writes the seeds of template_fuzz: the family templates, and per group all templates that render
in one file and those that fail in files of their own.

Needs jinja2 3.1.6 (pip install jinja2==3.1.6). The environment is the one in which Transformers
renders chat templates. A case is {group, template, variables} with either the rendered `text` or,
where Jinja2 fails, the `error` it reports.
"""

import datetime
import json
import pathlib

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 1, 15, 12, 30, 0)


class Generation(jinja2.ext.Extension):
    """The generation tag renders its body, in a scope of its own."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("render_body")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    @jinja2.pass_eval_context
    def render_body(self, context, caller):
        return caller()


def make_environment():
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Generation, jinja2.ext.loopcontrols],
    )

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            value,
            ensure_ascii=ensure_ascii,
            indent=indent,
            separators=separators,
            sort_keys=sort_keys,
        )

    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda pattern: NOW.strftime(pattern)
    return environment


# Variables that every case of a group can use.
COMMON = {
    "n": 7,
    "f": 2.5,
    "s": "Hello World",
    "t": True,
    "none_value": None,
    "empty": "",
    "words": ["delta", "Alpha", "charlie", "Bravo"],
    "numbers": [3, 1, 2],
    "people": [
        {"name": "Ann", "age": 31, "tags": ["x", "y"], "home": {"city": "Oslo"}},
        {"name": "bob", "age": 25, "tags": [], "home": {"city": "Bern"}},
        {"name": "Cid", "age": 31, "tags": ["z"], "home": {}},
    ],
    "d": {"b": 1, "A": 2, "c": [1, {"k": None}], "items": "shadowed"},
    "u": "žluť – 日本語 🎉 ß",
    "html": "<b>\"a\" & 'b'</b>",
    "long": "one two three four five six seven",
}

GROUPS = {
    "text": [
        "",
        "plain",
        "one newline at the end\n",
        "two newlines\n\n",
        "\n",
        "windows\r\nlines\rmixed\n",
        "{ not a tag } {% raw %}{{ n }} {% if %}{% endraw %}",
        "a{# comment #}b{#- stripped -#} c {#+ kept +#} d",
        "a {# multi\nline #}\nb",
        "{{ '{{' }}{{ '%}' }}",
        "a{% raw -%}  b  {%- endraw %}  c",
        "a  {%- raw %} b {% endraw -%}  c",
        "  {% raw %}\n x \n  {% endraw %}\n y",
        "žluť {{ u }}",
    ],
    "whitespace": [
        "{% if true %}\nx\n{% endif %}\ny",
        "  {% if true %}\n  x\n  {% endif %}\n  y",
        "a {%- if true -%} x {%- endif -%} b",
        "a {%+ if true %} x {% endif +%}\n b",
        "  {%+ if true %}x{% endif %}",
        "{{ 1 -}}   \n  2 {{- 3 }}",
        "{{ 1 }}\n{{ 2 }}\n",
        "\t {# c #}\n x",
        "  a {% if true %} b {% endif %} c  ",
        "x\n   \n  {% if true -%}\n   y\n  {%- endif %}\n",
        "{%- for i in [1, 2] %}\n {{ i }}\n{%- endfor %}",
        "{{- 1 }}{{+ 2 }}{{ 3 -}}",
        "a\n\n  {%- set x = 1 %}\n\nb",
        "{% if true %}\n\nx{% endif %}",
        "{#\n#}\n\nx",
        "a\u00a0{%- if true %}b{% endif %}",
    ],
    "literals": [
        "{{ 1 }} {{ -1 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }}",
        "{{ 1.0 }} {{ 1.5e3 }} {{ 1e-7 }} {{ 1e16 }} {{ 123456789012345680.0 }} {{ 0.1 + 0.2 }}",
        "{{ 1e100 }} {{ -0.0 }} {{ 5e-324 }} {{ 1.7976931348623157e308 }} {{ 100000.0 }} {{ 1e15 }}",
        "{{ 'a\\nb' }} {{ \"q'q\" }} {{ 'a' 'b' }} {{ '\\x41\\u00e9\\t|\\q|\\\\' }} {{ '\\101' }}",
        "{{ 'line\\\ncontinued' }}",
        "{{ true }} {{ True }} {{ false }} {{ none }} {{ None }}",
        "{{ [1, 'a', None, true, 2.0] }} {{ (1,) }} {{ (1, 2) }} {{ () }} {{ [] }} {{ {} }}",
        "{{ {'a': 1, 'b': [1, (2, 3)], 3: none, 1.5: 'x'} }}",
        "{{ [1, 2,] }} {{ {'a': 1,} }} {{ (1, 2,) }}",
        "{{ 1, 2 }}",
        "{{ 'it\\'s' }} {{ ['it\\'s', 'say \"x\"', 'both \\' \"', '\\n\\t\\\\', '\\x7f\\u200b\\u00e9'] }}",
        "{{ {1: 'a', true: 'b', 1.0: 'c'} }}",
        "{{ u }} {{ [u] }}",
    ],
    "arithmetic": [
        "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 6 / 2 }}",
        "{{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }} {{ 0.0 // 3 }} {{ 1 // 0.3 }}",
        "{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2.0 ** 3 }} {{ -2 ** 2 }} {{ 2 ** 3 ** 2 }}",
        "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 1 - 1 - 1 }} {{ - - 3 }} {{ +true }}",
        "{{ true + 1 }} {{ true * 3 }} {{ 'ab' * 3 }} {{ 2 * [1, 2] }} {{ 'x' * -1 }} {{ (1,) * 2 }}",
        "{{ 'a' + 'b' }} {{ [1] + [2] }} {{ (1,) + (2,) }}",
        "{{ 1 ~ 2 ~ none ~ [1] ~ missing ~ 1.0 }}",
        "{{ 1 + 2 ~ 3 * 4 }} {{ 'a' ~ 1 + 2 }}",
        "{{ 9223372036854775807 }} {{ -9223372036854775807 - 1 }}",
        "{{ 1 / 0 }}",
        "{{ 1 // 0 }}",
        "{{ 1.0 % 0 }}",
        "{{ 'a' + 1 }}",
        "{{ 1 + 'a' }}",
        "{{ none + 1 }}",
        "{{ missing + 1 }}",
        "{{ [1] + (2,) }}",
        "{{ -'a' }}",
        "{{ 10 ** 20.0 }} {{ 3 * 1.1 }} {{ 1e308 * 10 }} {{ 1e308 * 10 - 1e308 * 10 }}",
        "{{ '%s and %d and %5.2f|%-5s|%05d|%x|%%' % ('a', 42, 3.14159, 'ab', 42, 255) }}",
        "{{ '%(a)s %(b)r' % {'a': 1, 'b': 'x'} }} {{ '%s' % [1, 2] }} {{ '%s' % none }}",
        "{{ '%+d % d %e %g %G %o %X %c %c' % (1, 1, 12345.678, 0.00001, 1e20, 8, 255, 65, 'z') }}",
        "{{ '%*d|%-*d|%.*f' % (5, 1, 5, 1, 2, 1.239) }} {{ '%r %a' % ('é', 'é') }}",
        "{{ '%d' % 'a' }}",
        "{{ '%d %d' % (1,) }}",
        "{{ '%d' % (1, 2) }}",
        "{{ 'abc' % 1 }}",
        "{{ '%z' % 1 }}",
        "{{ '%d' % 3.99 }} {{ '%i' % true }} {{ '%5s|%.2s|%5.1s|' % ('a', 'bcd', 'xyz') }}",
        "{{ '%#x %#o %08.3f %+.1e' % (255, 8, 3.14159, 0) }} {{ '%s%%' % 50 }}",
    ],
    "comparison": [
        "{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 1 == 1.0 }} {{ 1 == true }} {{ 'a' == 'a' }} {{ 1 != 2 }}",
        "{{ 1 == '1' }} {{ none == none }} {{ [1, 2] == [1, 2] }} {{ [1] == (1,) }} {{ {} == {} }}",
        "{{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }} {{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ [1, 2] < [1, 3] }}",
        "{{ (1, 'a') < (1, 'b') }} {{ [1] < [1, 0] }} {{ 2 >= 2 }} {{ 2.5 <= 2 }} {{ true < 2 }}",
        "{{ 1 < 'a' }}",
        "{{ none < 1 }}",
        "{{ missing < 1 }}",
        "{{ {} < {} }}",
        "{{ [1, 'a'] < [1, 2] }}",
        "{{ 'a' in 'abc' }} {{ 'x' not in 'abc' }} {{ 1 in [1, 2] }} {{ 'b' in d }} {{ 1 in (1,) }} {{ '' in '' }}",
        "{{ 1 in 'abc' }}",
        "{{ 1 in 5 }}",
        "{{ 1 in missing }} {{ missing in [1] }} {{ missing == missing2 }} {{ missing != 1 }}",
        "{{ [] in {} }}",
        "{{ true in [1] }} {{ 1.0 in {1: 2} }} {{ none in [none] }} {{ 'ell' in s }}",
        "{{ not 1 in [2] }} {{ not true == false }} {{ 1 in [1] == true }}",
        "{{ 9007199254740993 == 9007199254740992.0 }} {{ 9007199254740993 > 9007199254740992.0 }}",
    ],
    "logic": [
        "{{ 1 and 2 }} {{ 0 and 2 }} {{ 0 or 'x' }} {{ 'a' or 'b' }} {{ not '' }} {{ not [0] }}",
        "{{ none or [] or 'z' }} {{ 1 and none }} {{ true and false or true }} {{ not not 1 }}",
        "{{ 'a' if true else 'b' }} {{ 'a' if 0 else 'b' }} {{ 'a' if false }}|",
        "{{ 'a' if false else 'b' if false else 'c' }} {{ ('a' if false) is defined }}",
        "{{ 1 if true if false else 2 }}",
        "{{ missing or 'fallback' }} {{ missing and 1 }}|{{ not missing }}",
        "{{ 0.0 or 'z' }} {{ {} or 'e' }} {{ () or 't' }} {{ '0' and 'nonempty' }}",
        "{% if missing.x %}{% endif %}",
        "{{ (false and missing.x) or 'short' }} {{ true or missing.x }}",
    ],
    "attributes": [
        "{{ d.b }} {{ d['A'] }} {{ d.c[1].k }} {{ d.c.0 }} {{ d['c'][-1] }} {{ d.missing }}|",
        "{{ d.items is callable }} {{ d['items'] }} {{ d.items()|list }}",
        "{{ d.missing.deeper }}",
        "{{ missing.attribute }}",
        "{{ missing['key'] }}",
        "{{ none_value.x }}|{{ n.x }}|{{ s.x }}|{{ words.x }}|",
        "{{ none_value.x.y }}",
        "{{ words[0] }} {{ words[-1] }} {{ words[10] }}| {{ s[0] }} {{ s[-1] }} {{ s[100] }}|",
        "{{ words['0'] }}|{{ words[none] }}|{{ words[1.0] }}|{{ n[0] }}|{{ words[true] }}",
        "{{ s[1:4] }} {{ s[:3] }} {{ s[-3:] }} {{ s[::2] }} {{ s[::-1] }} {{ s[5:1:-1] }} {{ s[10:2] }}|",
        "{{ words[1:] }} {{ words[::-1] }} {{ words[:-1] }} {{ words[100:] }} {{ words[-100:2] }}",
        "{{ (1, 2, 3)[1:] }} {{ numbers[1:][0] }} {{ numbers[none:2] }} {{ words[1:3, 2] }}|",
        "{{ u[0] }} {{ u[1:4] }} {{ u[-1] }} {{ u[::-1] }} {{ u[7:10] }} {{ u|length }}",
        "{{ none_value[1:] }}",
        "{{ d[1:] }}",
        "{{ missing[1:] }}",
        "{{ s['a':] }}",
        "{{ s[::0] }}",
        "{{ words.append('x') }}",
        "{{ words.append }}|{{ words.append is defined }}|{{ d.update is defined }}|{{ d.pop }}",
        "{{ d.pop('b') }}",
        "{{ d['update']('x') }}",
        "{{ s.__class__ }}|{{ d.__init__ }}|",
        "{{ s.__class__.__mro__ }}",
        "{{ people[0].home.city }} {{ people[2].home.city }}| {{ people[0]['tags'][1] }}",
        "{{ {'a b': 1}['a b'] }} {{ {1: 'one'}[1] }} {{ {1: 'one'}[true] }} {{ {none: 2}[none] }}",
        "{{ d[['list']] }}|{{ d[missing] }}|{{ d[(1, [])] }}|{{ {(1, 2): 3}[(1, 2)] }}",
        "{{ n.real }} {{ n.imag }} {{ n.numerator }} {{ f.is_integer() }} {{ 2.0.is_integer() }}",
        "{{ d.get('b') }} {{ d.get('zz') }} {{ d.get('zz', 5) }} {{ d.get() }}",
        "{{ d.keys()|list }} {{ d.values()|list|length }} {{ d.keys() }} {{ {'a': 1}.items() }} {{ {'a': 1}.values() }}",
        "{{ d.items()[0] }}|{{ d.keys()|first }} {{ d.copy() == d }} {{ {'a': 1}.keys() == {'a': 2}.keys() }}",
        "{{ [1, 2, 1].count(1) }} {{ [1, 2].index(2) }} {{ (1, 1).count(1) }} {{ [3].copy() }}",
        "{{ [1].index(5) }}",
    ],
    "string methods": [
        "{{ s.upper() }} {{ s.lower() }} {{ s.title() }} {{ s.swapcase() }} {{ 'heLLo wORLD'.capitalize() }}",
        "{{ u.upper() }} {{ u.lower() }} {{ u.title() }} {{ 'ŽLUŤ ΑΣ ΑΣΑ İ'.lower() }} {{ 'ﬁ ŉ ǆ ß'.upper() }} {{ 'ǆ'.title() }}",
        "{{ '  a '.strip() }}| {{ 'xxaxx'.strip('x') }}| {{ '  a '.lstrip() }}| {{ ' a  '.rstrip() }}| {{ 'abcba'.strip('ab') }}|",
        "{{ '\u3000a\u00a0'.strip() }}| {{ 'a'.strip(none) }} {{ 'éaé'.strip('é') }}",
        "{{ 'a b  c'.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a b c d'.split(' ', 2) }} {{ ''.split() }} {{ ''.split(',') }}",
        "{{ ' a b c '.split(none, 1) }} {{ 'a b c '.rsplit(none, 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'a--b'.split('--') }}",
        "{{ 'a,b,c'.split(sep=',', maxsplit=1) }} {{ ' a  b '.rsplit() }} {{ 'a b'.split(' ', 0) }}",
        "{{ 'a'.split('') }}",
        "{{ 'a'.split(1) }}",
        "{{ 'a\\nb\\r\\nc\\n'.splitlines() }} {{ 'a\\nb'.splitlines(true) }} {{ ''.splitlines() }} {{ 'a\\x0bb\\u2028c'.splitlines() }}",
        "{{ s.startswith('Hell') }} {{ s.endswith('ld') }} {{ s.startswith(('x', 'H')) }} {{ s.startswith('o', 4) }} {{ s.endswith('o', 0, 5) }} {{ ''.startswith('') }}",
        "{{ s.startswith(1) }}",
        "{{ s.find('o') }} {{ s.find('zz') }} {{ s.rfind('o') }} {{ s.find('o', 5) }} {{ s.index('W') }} {{ u.find('日') }} {{ 'abc'.find('', 4) }} {{ 'abc'.find('', 3) }}",
        "{{ s.index('zz') }}",
        "{{ s.count('l') }} {{ 'aaa'.count('aa') }} {{ 'abc'.count('') }} {{ s.count('o', 5) }} {{ s.count('o', -5, -1) }}",
        "{{ s.replace('l', 'L') }} {{ s.replace('l', 'L', 1) }} {{ 'abc'.replace('', '-') }} {{ 'é'.replace('', '.') }} {{ 'aaa'.replace('a', 'b', -1) }}",
        "{{ ', '.join(words) }} {{ '-'.join('abc') }} {{ ''.join([]) }} {{ '.'.join({'a': 1, 'b': 2}) }}",
        "{{ ','.join([1, 2]) }}",
        "{{ 'ab'.center(7) }}|{{ 'abc'.center(6, '*') }}|{{ 'ab'.ljust(5) }}|{{ 'ab'.rjust(5, '0') }}|{{ '-42'.zfill(6) }}|{{ 'abc'.ljust(2) }}|",
        "{{ 'ab'.center(5, 'xy') }}",
        "{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('=') }} {{ 'abc'.rpartition('=') }}",
        "{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ 'x'.removesuffix('y') }}",
        "{{ 'a\\tb'.expandtabs() }}|{{ 'ab\\tc'.expandtabs(4) }}|{{ 'ß'.casefold() }}",
        "{{ 'abc'.isalpha() }} {{ 'a1'.isalnum() }} {{ '12'.isdigit() }} {{ '²'.isdigit() }} {{ '²'.isdecimal() }} {{ '½'.isnumeric() }} {{ ''.isalpha() }}",
        "{{ 'abc'.islower() }} {{ 'ABC'.isupper() }} {{ 'Abc Def'.istitle() }} {{ ' '.isspace() }} {{ ''.isspace() }} {{ 'a1_'.isidentifier() }} {{ '1a'.isidentifier() }} {{ 'a'.isascii() }} {{ 'é'.isascii() }} {{ '\\n'.isprintable() }}",
        "{{ '123'.islower() }} {{ 'a1'.islower() }} {{ '一'.isalpha() }} {{ '一'.isnumeric() }}",
        "{{ '{} {}'.format(1, 'a') }} {{ '{0} {1} {0}'.format('x', 'y') }} {{ '{a}-{b}'.format(a=1, b=2) }} {{ '{{}}'.format() }}",
        "{{ '{:>5}|{:<5}|{:^5}|{:*^7}|{:05d}|{:+}|{:,}|{:.2f}|{:x}|{:#x}|{:b}|{:e}|{:%}|{:.1%}'.format('a', 'b', 'c', 'd', 42, 5, 1234567, 3.14159, 255, 255, 5, 1234.5, 0.5, 0.256) }}",
        "{{ '{0[a]} {1.b} {2[0]}'.format({'a': 1}, {'b': 2}, [3]) }} {{ '{!r} {!s}'.format('x', 'y') }} {{ '{:{w}}|'.format('a', w=4) }}",
        "{{ '{:10.3}|{:g}|{:g}|{:_}|{:08.2f}|{: }|{:c}|{:o}'.format('abcdef', 1e10, 0.0001, 1234567, -3.14159, 3, 65, 8) }}",
        "{{ '{}'.format() }}",
        "{{ '{} {0}'.format(1) }}",
        "{{ '{x}'.format(a=1) }}",
        "{{ '{'.format(1) }}",
        "{{ '}'.format(1) }}",
        "{{ '{:d}'.format('a') }}",
        "{{ '{:5}'.format(none) }}",
        "{{ '{:5}|{:<5}|{:d}|{}'.format(true, 1.5, true, true) }}",
        "{{ '{0.__class__}'.format(1) }}|",
        "{{ '{a}'.format_map({'a': 'm'}) }}",
        "{{ s.encodex() }}",
        "{{ s.upper(1) }}",
        "{{ s.upper is defined }} {{ s.upper is callable }}",
    ],
    "undefined": [
        "{{ missing }}|{{ missing is defined }}|{{ missing is undefined }}|{{ missing|length }}|{{ missing|list }}",
        "{{ missing|default('x') }} {{ none_value|default('x') }} {{ ''|default('x', true) }} {{ 0|d(5, boolean=true) }} {{ d.zz|default }}|",
        "{{ missing|upper }}|{{ missing|trim }}|{{ missing|join(',') }}|{{ missing|first }}|{{ missing|string }}|{{ [missing] }}",
        "{{ missing() }}",
        "{{ missing|tojson }}",
        "{{ missing|int }}",
        "{{ missing|items|list }}",
        "{{ missing|dictsort }}",
        "{{ missing|abs }}",
        "{% for x in missing %}{{ x }}{% else %}none{% endfor %}",
        "{{ missing is none }} {{ missing is string }} {{ missing is iterable }} {{ missing is sequence }} {{ missing is mapping }} {{ missing is number }}",
        "{{ missing|sum }} {{ missing|sort }} {{ missing|map('upper')|list }} {{ missing|reverse|list }} {{ missing|last }}|{{ missing|max }}|",
        "{{ missing|float }}",
        "{{ missing|indent }}",
        "{{ missing|round }}",
        "{{ [].first }}|{{ []|first }}|{{ []|last }}|{{ []|min }}|{{ []|max }}|",
        "{{ ([]|first).x }}",
    ],
    "if": [
        "{% if n > 5 %}big{% elif n > 2 %}mid{% else %}small{% endif %}",
        "{% if false %}a{% elif false %}b{% elif true %}c{% else %}d{% endif %}",
        "{% if n %}{% if none_value %}x{% else %}y{% endif %}{% endif %}",
        "{% if 1, 2 %}tuple{% endif %}",
        "{% if true %}{% set x = 1 %}{% endif %}{{ x }}",
        "{% if false %}{% set x = 1 %}{% endif %}{{ x is defined }}",
        "{% if false %}{% set n = 1 %}{% endif %}{{ n }}",
        "{% if true: %}colon{% endif %}",
        "{% if true %}",
        "{% endif %}",
        "{% if %}x{% endif %}",
        "{% if true %}x{% endfor %}",
        "{% elif true %}",
    ],
    "for": [
        "{% for x in numbers %}{{ x }},{% endfor %}",
        "{% for x in [] %}{{ x }}{% else %}empty{% endfor %}",
        "{% for k in d %}{{ k }} {% endfor %}",
        "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}",
        "{% for c in 'añb' %}[{{ c }}]{% endfor %}",
        "{% for x in range(3) %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }} {% endfor %}",
        "{% for x in numbers %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
        "{% for x in numbers %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}",
        "{% for x in numbers %}{{ loop.cycle('a', 'b') }}{% endfor %}",
        "{% for x in [1, 1, 2, 2, 1] %}{{ loop.changed(x) }} {% endfor %}",
        "{% for x in [1, 1, 2] %}{{ loop.changed(x, loop.first) }} {% endfor %}",
        "{% for x in range(10) if x % 2 %}{{ loop.index }}:{{ x }}/{{ loop.length }} {% endfor %}",
        "{% for x in range(5) if x > 9 %}{{ x }}{% else %}none{% endfor %}",
        "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
        "{% for x in [1] %}{% continue %}{% else %}else runs{% endfor %}",
        "{% for x in [1, 2] %}{% if loop.last %}{% break %}{% endif %}{{ x }}{% else %}else{% endfor %}",
        "{% for x in [1] %}{% break %}{% else %}else runs{% endfor %}",
        "{% for a, b in [(1, 2), [3, 4], 'xy'] %}{{ a }}-{{ b }} {% endfor %}",
        "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
        "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
        "{% for a, b in [(1,)] %}{% endfor %}",
        "{% for a, b in [1] %}{% endfor %}",
        "{% for x in 5 %}{% endfor %}",
        "{% for x in none_value %}{% endfor %}",
        "{% for x in numbers %}{% set y = x %}{% endfor %}{{ y is defined }}",
        "{% set y = 0 %}{% for x in numbers %}{% set y = y + x %}{{ y }} {% endfor %}{{ y }}",
        "{% set ns = namespace(y=0) %}{% for x in numbers %}{% set ns.y = ns.y + x %}{% endfor %}{{ ns.y }}",
        "{% for x in numbers %}{{ y is defined }}{% set y = 1 %}{% endfor %}",
        "{% for x in [1, 2] %}{% for y in [3, 4] %}{{ loop.index }}{{ x }}{{ y }} {% endfor %}{{ loop.index }};{% endfor %}",
        "{% for x in [[1, 2], [3]] %}{% set outer = loop %}{% for y in x %}{{ outer.index }}.{{ loop.index }} {% endfor %}{% endfor %}",
        "{% for item in [{'v': 1, 'c': [{'v': 2, 'c': [{'v': 3, 'c': []}]}]}, {'v': 4, 'c': []}] recursive %}{{ loop.depth }}{{ loop.depth0 }}:{{ item.v }}[{{ loop(item.c) }}]{% endfor %}",
        "{% for x in [1, [2, [3]]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}",
        "{% for x in [[]] recursive %}{{ loop(x) }}{% else %}E{% endfor %}",
        "{% for x in [1] %}{{ loop([2]) }}{% endfor %}",
        "{% for x in numbers %}{{ loop }} {% endfor %}",
        "{% for loop in [1] %}{% endfor %}",
        "{% for x in [1] %}{% set loop = 2 %}{% endfor %}",
        "{% for x in 'ab'|upper %}{{ x }}{% endfor %} {% for x in numbers|sort|reverse %}{{ x }}{% endfor %}",
        "{% for x in (1, 2) %}{{ x }}{% endfor %}{% for x in 1, 2 %}{{ x }}{% endfor %}",
        "{% for x in numbers if loop is defined %}{{ x }}{% else %}no loop here{% endfor %}",
        "{% for x in numbers %}{{ x }}{% endfor %}{{ x is defined }}{{ loop is defined }}",
        "{% for p in people %}{% for t in p.tags %}{{ t }}{% else %}-{% endfor %}{% endfor %}",
        "{% for x in numbers|map('string') %}{{ loop.length }}{{ x }}{{ loop.last }} {% endfor %}",
        "{% for x in [1, 2, 3] %}{% if loop.first %}{{ loop.length }}{% endif %}{{ loop.nextitem }}{% endfor %}",
        "{% for none in [1] %}{% endfor %}",
        "{% for x in range(0) %}a{% else %}b{% endfor %}",
        "{% break %}",
        "{% if true %}{% continue %}{% endif %}",
        "{% for x in [1] %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}",
        "{% for x in [1,2,3] %}{% filter upper %}a{% if x == 2 %}{% break %}{% endif %}{% endfilter %}{{ x }}{% endfor %}",
        "{% for x in [1,2,3] %}{% set b %}{{ x }}{% if x == 2 %}{% continue %}{% endif %}{% endset %}{{ b }}{% endfor %}",
        "{% for i in range(3) %}{% for j in range(3) %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}",
    ],
    "set": [
        "{% set x = 1 %}{{ x }}{% set x = x + 1 %}{{ x }}",
        "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (a, b) = [b, a] %}{{ a }}{{ b }}",
        "{% set x %}block {{ n }}{% endset %}[{{ x }}]",
        "{% set x | upper %}block{% endset %}{{ x }}",
        "{% set x | replace('b', 'c') | length %}block{% endset %}{{ x + 1 }}",
        "{% set x %}{% set inner = 1 %}{% endset %}{{ inner is defined }}",
        "{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }}{{ ns.b }}|{{ ns.b is defined }}",
        "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{{ ns }}",
        "{% set ns = namespace(items=[1]) %}{{ ns.items }}{{ ns['items'] }}",
        "{% set ns = namespace() %}{% set ns.x %}captured{% endset %}{{ ns.x }}",
        "{% set ns = namespace(a=1) %}{% set ns.a, y = 5, 6 %}{{ ns.a }}{{ y }}",
        "{% set d.x = 1 %}",
        "{% set missing.x = 1 %}",
        "{% set x = 1, 2 %}{{ x }}",
        "{% set none = 1 %}",
        "{% set 1 = 2 %}",
        "{% set a.b.c = 2 %}",
        "{% set a, b = 1 %}",
        "{% set a, b = 1, 2, 3 %}",
        "{% set x = n if n > 100 else 'small' %}{{ x }}",
        "{{ x }}{% set x = 5 %}{{ x }}",
        "{% set n = 1 %}{{ n }}",
        "{{ n }}{% set n = 1 %}{{ n }}",
        "{% macro m() %}[{{ n }}]{% endmacro %}{{ m() }}{% set n = 1 %}{{ m() }}",
        "{% macro m() %}[{{ q }}]{% endmacro %}{{ m() }}{% set q = 1 %}{{ m() }}",
        "{% if t %}{% set n = 5 %}{% endif %}{{ n }}{% macro m() %}{{ n }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ n }}{% if false %}{% set n = 1 %}{% endif %}{{ n }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{% set n = 1 %}{{ n }}{% endmacro %}{{ m() }}{{ n }}",
        "{% with %}{% set n = 3 %}{{ n }}{% endwith %}{{ n }}",
        "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}",
        "{% set a = 10 %}{% with a = 1, b = a %}{{ a }} {{ b }}{% endwith %}",
        "{% with a, b = (1, 2) %}{{ a }}{{ b }}{% endwith %}",
        "{% for x in [1, 2] %}{% if x == 1 %}{% set n = 99 %}{% endif %}{{ n }} {% endfor %}{{ n }}",
        "{% set x = namespace(v=[]) %}{% set x.v = x.v + [1] %}{% set x.v = x.v + [2] %}{{ x.v }}",
    ],
    "macro": [
        "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=5, a=4) }} {{ m() }}",
        "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}",
        "{% macro m(a=b, b=1) %}[{{ a }}]{{ b }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}",
        "{% macro m(a) %}{{ a }}{{ varargs }}{% endmacro %}{{ m(1, 2, 3) }}{{ m() }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}",
        "{% macro f(k) %}{% if k > 1 %}{{ k }}*{{ f(k - 1) }}{% else %}1{% endif %}{% endmacro %}{{ f(4) }}",
        "{% macro a() %}A{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}",
        "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}{% call m() %}x{{ n }}{% endcall %}",
        "{% macro m() %}{{ caller(1, b=2) }}{% endmacro %}{% call(a, b) m() %}{{ a }}+{{ b }}{% endcall %}",
        "{% macro m(items) %}{% for i in items %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(i) m([1, 2]) %}<{{ i }}>{% endcall %}",
        "{% macro m() %}{% if caller %}yes{{ caller() }}{% else %}no{% endif %}{% endmacro %}{{ m() }}{% call m() %}!{% endcall %}",
        "{% macro m() %}{{ caller is defined }}{% endmacro %}{{ m() }}",
        "{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}",
        "{% macro m(caller=none) %}{{ caller is none }}{% endmacro %}{{ m() }}",
        "{% macro m(caller) %}{{ caller() }}{% endmacro %}",
        "{{ m is defined }}{% macro m() %}{% endmacro %}{{ m is defined }}{{ m is callable }}{{ m }}",
        "{% macro m(a, b) %}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.caller }}",
        "{% macro m() %}  padded  {% endmacro %}[{{ m()|trim }}]{{ m()|length }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ [1, 2]|map('string')|map('upper')|join }}{{ m(*[1]) }}{{ m(**{'x': 2}) }}",
        "{% macro m(a, b, c) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1, *[2], **{'c': 3}) }}",
        "{% macro m(**x) %}{% endmacro %}",
        "{% macro m(a, a) %}{% endmacro %}",
        "{% macro m(a=1, b) %}{% endmacro %}",
        "{% macro m() %}{% endmacro %}{{ m(**{1: 2}) }}",
        "{% set x = 1 %}{% macro m() %}{% set x = 2 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}",
        "{% for x in [1, 2] %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfor %}",
        "{% set ns = namespace() %}{% macro m() %}m{{ n }}{% endmacro %}{% set ns.f = m %}{{ ns.f() }}",
        "{% macro m() %}{% macro inner() %}i{{ n }}{% endmacro %}{{ inner() }}{% endmacro %}{{ m() }}{{ inner is defined }}",
        "{% macro m(x) -%}\n  {{ x }}\n{%- endmacro %}\n{{ m('a') }}",
        "{% call missing() %}x{% endcall %}",
        "{% call n %}x{% endcall %}",
        "{% macro outer() %}({{ caller() }}){% endmacro %}{% macro wrap() %}{% call outer() %}[{{ caller() }}]{% endcall %}{% endmacro %}{% call wrap() %}x{% endcall %}",
        "{% macro r(node) %}{{ node.v }}{% for c in node.c %}({{ r(c) }}){% endfor %}{% endmacro %}{{ r({'v': 1, 'c': [{'v': 2, 'c': []}, {'v': 3, 'c': [{'v': 4, 'c': []}]}]}) }}",
    ],
    "blocks": [
        "{% filter upper %}abc {{ n }}{% endfilter %}",
        "{% filter replace('a', 'b')|upper %}aXa{% endfilter %}",
        "{% filter trim %}  a  {% endfilter %}|",
        "{% filter length %}abc{% endfilter %}",
        "{% filter upper %}{% set q = 1 %}{% endfilter %}{{ q is defined }}",
        "{% generation %}a{{ n }}{% set q = 1 %}{% endgeneration %}{{ q is defined }}",
        "{% for x in [1, 2] %}{%- generation -%} {{ x }} {%- endgeneration -%}{% endfor %}",
        "{% print n, 'x' %}{% print 1 %}",
        "{% unknown %}",
        "{% do 1 %}",
        "{{ n ",
        "{{ }}",
        "{{ n }",
        "{% set x = 1",
        "{# open",
        "{% raw %} open",
        "{{ (1 }}",
        "{{ 1) }}",
        "{{ [1) }}",
        "{{ 'open }}",
        "{{ 1 2 }}",
        "{{ a..b }}",
        "{{ 1 is }}",
        "{{ f(a=1, 2) }}",
        "{{ f(*a, *b) }}",
        "{{ f(a=1, a=2) }}",
        "{{ n|nosuchfilter }}",
        "{{ n is nosuchtest }}",
        "{% if false %}{{ n|nosuchfilter }}{% endif %}ok",
        "{% if true %}{{ n|nosuchfilter }}{% endif %}",
        "{{ (n|nosuchfilter) if false else 'ok' }}",
        "{% if false %}{% for x in [1] %}{{ x|nosuchfilter }}{% endfor %}{% endif %}",
        "{{ 'upper' is filter }} {{ 'nosuch' is filter }} {{ 'defined' is test }} {{ 'nosuch' is test }}",
        "{{ 5 is filter }} {{ none is test }} {{ missing is filter }}",
        "{{ [] is filter }}",
        "{{ d is test }}",
        "{{ n ? 1 }}",
        "{{ $ }}",
        "{{ a @ b }}",
        "{{ not }}",
        "{{ 1 + }}",
        "{% for in x %}{% endfor %}",
        "{% for x %}{% endfor %}",
        "{% set %}",
        "{{ {1} }}",
        "{{ {'a' 1} }}",
        "{{ x[ }}",
        "{{ n is defined is true }}",
    ],
    "tests": [
        "{{ 'a' is string }} {{ 1 is string }} {{ 1 is number }} {{ true is number }} {{ 1.5 is number }} {{ 'a' is number }}",
        "{{ 1 is integer }} {{ true is integer }} {{ 1.0 is integer }} {{ 1.0 is float }} {{ true is boolean }} {{ 1 is boolean }}",
        "{{ {} is mapping }} {{ [] is mapping }} {{ [] is sequence }} {{ 'a' is sequence }} {{ {} is sequence }} {{ 1 is sequence }} {{ range(3) is sequence }}",
        "{{ [] is iterable }} {{ 'a' is iterable }} {{ 1 is iterable }} {{ none is iterable }} {{ {}.keys() is iterable }} {{ {}.keys() is sequence }}",
        "{{ none is none }} {{ 0 is none }} {{ true is true }} {{ 1 is true }} {{ false is false }} {{ 0 is false }}",
        "{{ 3 is odd }} {{ 3 is even }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }} {{ 2.0 is even }}",
        "{{ 1 is eq 1 }} {{ 1 is equalto(2) }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 1 is greaterthan 0 }} {{ 2 is ge 2 }} {{ 2 is le 1 }} {{ 1 is sameas 1 }}",
        "{{ 1 is in [1] }} {{ 'a' is in 'abc' }} {{ 1 is not in [1] }} {{ none is sameas none }} {{ false is sameas false }} {{ 0 is sameas false }}",
        "{{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'a' is upper }} {{ 1 is lower }}",
        "{{ n is not defined }} {{ missing is not defined }} {{ not n is defined }} {{ n is defined and s is string }}",
        "{{ n is callable }} {{ range is callable }} {{ d.get is callable }} {{ 'x'|safe is escaped }} {{ 'x' is escaped }}",
        "{{ 1 is divisibleby 0 }}",
        "{{ 'a' is odd }}",
        "{{ 1 is eq }}",
        "{{ 'a' is string and 1 is number or false }} {{ 5 is number is string }}",
        "{{ words is sameas words }} {{ words is sameas numbers }} {{ n + 1 is number }}",
        "{{ x is defined if true else 1 }} {{ n is divisibleby 7 and true }}",
    ],
    "filters on text": [
        "{{ s|upper }} {{ s|lower }} {{ s|title }} {{ s|capitalize }} {{ \"foo-bar (baz) [qux] it's\"|title }} {{ 5|upper }}",
        "{{ '  x '|trim }}| {{ 'xxaxx'|trim('x') }} {{ 5|trim }}",
        "{{ s|replace('l', 'L') }} {{ s|replace('l', 'L', 1) }} {{ 5|replace(5, 6) }} {{ 'aaa'|replace('a', 'b', count=2) }}",
        "{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb'|indent(2, true) }}|{{ 'a\\n\\nb'|indent(2, blank=true) }}|{{ 'a\\nb'|indent('--') }}|{{ 'a\\n'|indent }}|{{ ''|indent }}|{{ 'a\\nb'|indent(first=true) }}",
        "{{ 5|indent }}",
        "{{ long|truncate(10) }}|{{ long|truncate(10, true) }}|{{ long|truncate(10, true, '..', 0) }}|{{ long|truncate(100) }}|{{ long|truncate(12, end='') }}|{{ long|truncate(30) }}",
        "{{ long|truncate(1) }}",
        "{{ long|wordcount }} {{ 'a-b c_d'|wordcount }} {{ ''|wordcount }}",
        "{{ 'ab'|center(8) }}|{{ 'a'|center(3) }}|",
        "{{ '%s-%s'|format(1, 2) }} {{ '%(a)s'|format(a=3) }}",
        "{{ '%s'|format(1, a=2) }}",
        "{{ html|e }} {{ html|escape }} {{ 5|e }} {{ html|e|e }} {{ html|forceescape }} {{ html|e|forceescape }}",
        "{{ html|safe }} {{ ('<b>'|safe) ~ '<i>' }} {{ ('<b>'|safe) + '<i>' }} {{ '<i>' + ('<b>'|safe) }} {{ ['x'|safe] }}",
        "{{ ('%s'|safe) % '<' }} {{ ('{}'|safe).format('<') }} {{ (','|safe).join(['<', '>'|safe]) }} {{ ('<a>'|safe).replace('a', '<') }} {{ ('a'|safe) * 2 + '<' }}",
        "{{ ('<A>'|safe).lower() + '<' }} {{ ('<A>'|safe)|lower + '<' }} {{ ('a b'|safe).split()[0] + '<' }} {{ ('<'|safe)[0] + '<' }} {{ ('<'|safe)|string + '<' }} {{ ('<'|safe)|trim ~ '<' }}",
        "{{ ('<'|safe) == '<' }} {{ {('a'|safe): 1}['a'] }} {{ ('<'|safe)|tojson }} {{ ('<'|safe) is string }} {{ ('x'|safe)|replace('x', '<') + '<' }}",
        "{{ '<p>a <!-- x --> <b>c</b></p>\\n d'|striptags }}",
        "{{ 'a b/c?d=e&é~'|urlencode }} {{ {'a b': 'c/d', 'e': 1}|urlencode }} {{ [('x', 1)]|urlencode }} {{ 5|urlencode }}",
        "{{ {'class': 'a b', 'id': none, 'x': '<'}|xmlattr }}|{{ {'a': 1}|xmlattr(false) }}|{{ {}|xmlattr }}",
        "{{ {'a b': 1}|xmlattr }}",
        "{{ 5|string + 'x' }} {{ none|string }} {{ [1]|string }} {{ s|string }}",
        "{{ s|length }} {{ u|length }} {{ s|count }} {{ words|length }} {{ d|length }} {{ range(5)|length }}",
        "{{ 5|length }}",
        "{{ none|length }}",
        "{{ 'abc'|reverse }} {{ 'abc'|list }} {{ 'abc'|first }} {{ 'abc'|last }} {{ 'cab'|sort }} {{ 'aab'|unique|join }} {{ u|reverse }}",
    ],
    "filters on numbers": [
        "{{ '42'|int }} {{ '4.9'|int }} {{ 'x'|int }} {{ 'x'|int(5) }} {{ '0x1f'|int(base=16) }} {{ 'ff'|int(0, 16) }} {{ 3.9|int }} {{ -3.9|int }} {{ none|int }} {{ [1]|int(3) }} {{ true|int }} {{ ' 12 '|int }} {{ '1_000'|int }} {{ '101'|int(0, 2) }}",
        "{{ '3.5'|float }} {{ 'x'|float }} {{ 'x'|float(1.5) }} {{ 3|float }} {{ '1e3'|float }} {{ none|float }} {{ 'inf'|float }} {{ '-Infinity'|float }} {{ 'nan'|float }} {{ 'infinity'|int }} {{ '1_0.5'|float }}",
        "{{ 2.5|round }} {{ 3.5|round }} {{ 2.567|round(2) }} {{ 2.1|round(0, 'ceil') }} {{ 2.9|round(method='floor') }} {{ 42|round }} {{ 42.55|round(1, 'floor') }} {{ 1.005|round(2) }} {{ -2.5|round }}",
        "{{ 2.5|round(1, 'x') }}",
        "{{ 'a'|round }}",
        "{{ -5|abs }} {{ 5.5|abs }} {{ (-5)|abs }} {{ (-5.5)|abs }} {{ true|abs }}",
        "{{ 'a'|abs }}",
        "{{ 100|filesizeformat }} {{ 1|filesizeformat }} {{ 1000|filesizeformat }} {{ 1234567|filesizeformat }} {{ 1024|filesizeformat(true) }} {{ '5000'|filesizeformat }} {{ 0|filesizeformat }} {{ 1e30|filesizeformat }}",
        "{{ numbers|sum }} {{ people|sum(attribute='age') }} {{ numbers|sum(start=10) }} {{ []|sum }} {{ [1.5, 2]|sum }} {{ [[1], [2]]|sum(start=[]) }}",
        "{{ ['a']|sum }}",
        "{{ ['a']|sum(start='') }}",
        "{{ numbers|min }} {{ numbers|max }} {{ words|min }} {{ words|max }} {{ words|max(case_sensitive=true) }} {{ people|min(attribute='age') }}",
        "{{ [1, 'a']|max }}",
        "{{ range(5)|list }} {{ range(2, 5)|list }} {{ range(10, 0, -3)|list }} {{ range(3) }} {{ range(0, 10, 2) }} {{ range(5)[2] }} {{ range(5)[-1] }} {{ 3 in range(5) }} {{ range(3) == range(0, 3) }}",
        "{{ range(1, 2, 0) }}",
        "{{ range(1000000) }}",
        "{{ range('a') }}",
        "{{ range(1.5) }}",
    ],
    "filters on sequences": [
        "{{ words|join }} {{ words|join(', ') }} {{ people|join('|', attribute='name') }} {{ [1, none, true]|join('-') }} {{ d|join(',') }} {{ 'abc'|join('.') }}",
        "{{ 5|join }}",
        "{{ words|sort }} {{ words|sort(true) }} {{ words|sort(case_sensitive=true) }} {{ people|sort(attribute='age')|map(attribute='name')|list }} {{ people|sort(attribute='age,name', reverse=true)|map(attribute='name')|join }} {{ numbers|sort(reverse=true) }} {{ d|sort }}",
        "{{ [1, 'a']|sort }}",
        "{{ [none, 1]|sort }}",
        "{{ d|dictsort }} {{ d|dictsort(true) }} {{ {'b': 2, 'a': 3}|dictsort(by='value') }} {{ {'b': 2, 'a': 3}|dictsort(reverse=true) }}",
        "{{ d|dictsort(by='x') }}",
        "{{ [1]|dictsort }}",
        "{{ [1, 2, 1, 'a', 'A']|unique|list }} {{ ['a', 'A']|unique(true)|list }} {{ people|unique(attribute='age')|map(attribute='name')|list }}",
        "{{ [[1], [1]]|unique|list }}",
        "{{ numbers|first }} {{ numbers|last }} {{ d|first }} {{ d|last }} {{ {'a': 1}|list }} {{ (1, 2)|list }} {{ range(3)|last }}",
        "{{ numbers|map('string')|last }}",
        "{{ numbers|reverse|list }} {{ (1, 2)|reverse|list }} {{ range(3)|reverse|list }} {{ numbers|map('string')|reverse|join }}",
        "{{ 5|reverse }}",
        "{{ numbers|map('string')|list }} {{ words|map('upper')|join(' ') }} {{ people|map(attribute='name')|list }} {{ people|map(attribute='home.city', default='?')|list }} {{ people|map(attribute='tags.0')|list }} {{ words|map('replace', 'a', '*')|list }} {{ words|map('truncate', 3, true, '')|list }}",
        "{{ numbers|map|list }}",
        "{{ numbers|map('nosuch')|list }}",
        "{{ numbers|map(attribute='x', foo=1)|list }}",
        "{{ [0, 1, '', 'a', none]|select|list }} {{ numbers|select('odd')|list }} {{ numbers|reject('odd')|list }} {{ numbers|select('gt', 1)|list }} {{ numbers|select('in', [1, 2])|list }} {{ [0, 1]|reject|list }} {{ numbers|select('>=', 2)|list }}",
        "{{ people|selectattr('tags')|map(attribute='name')|list }} {{ people|selectattr('age', 'eq', 31)|map(attribute='name')|list }} {{ people|rejectattr('age', 'equalto', 31)|map(attribute='name')|list }} {{ people|selectattr('home.city', 'defined')|list|length }} {{ people|rejectattr('tags')|map(attribute='name')|list }}",
        "{{ people|selectattr|list }}",
        "{{ numbers|select('nosuch')|list }}",
        "{{ people|groupby('age') }} {% for age, group in people|groupby('age') %}{{ age }}:{{ group|length }} {% endfor %}{% for g in people|groupby('home.city', default='-') %}{{ g.grouper }}={{ g.list|map(attribute='name')|join(',') }} {% endfor %}",
        "{{ [{'n': 'a'}, {'n': 'A'}, {'n': 'b'}]|groupby('n')|map('first')|list }} {{ [{'n': 'a'}, {'n': 'A'}]|groupby('n', case_sensitive=true)|length }}",
        "{{ range(7)|batch(3)|list }} {{ range(7)|batch(3, 'x')|list }} {{ range(7)|slice(3)|list }} {{ range(7)|slice(3, 'x')|list }} {{ []|batch(2)|list }} {{ []|slice(2)|list }}",
        "{{ range(3)|slice(0)|list }}",
        "{{ d|items|list }} {% for k, v in d|items %}{{ k }}{% endfor %}",
        "{{ [1]|items|list }}",
        "{{ d|attr('get') is callable }} {{ d|attr('b') is defined }} {{ s|attr('upper')() }} {{ n|attr('x') }}|",
        "{{ d|list }} {{ 'ab'|list }} {{ 5|list }}",
        "{% set g = numbers|map('string') %}{{ g|list }}{{ g|list }}",
        "{{ numbers|map('string')|length }}",
        "{{ numbers|map('string')|tojson }}",
        "{{ (numbers|map('string')) is iterable }} {{ (numbers|map('string')) is sequence }} {{ '3' in numbers|map('string') }}",
        "{{ people|map(attribute='tags')|sum(start=[]) }} {{ people|map('items')|map('first')|list }}",
    ],
    "json": [
        "{{ d|tojson }} {{ [1, 2.0, none, true, 'a\"b\\\\n'] |tojson }} {{ 'é<>&\\'\\n\\t\\x01\\x7f'|tojson }} {{ {}|tojson }} {{ []|tojson }} {{ (1, 2)|tojson }}",
        "{{ d|tojson(indent=2) }}",
        "{{ {'a': [], 'b': {}, 'c': [1, {'x': 2}]}|tojson(indent=4) }}",
        "{{ {'a': 1, 'b': [1, 2]}|tojson(separators=(',', ':')) }} {{ {'b': 1, 'a': 2}|tojson(sort_keys=true) }} {{ u|tojson(ensure_ascii=true) }} {{ [1]|tojson(indent='\\t') }} {{ [1]|tojson(indent=0) }}",
        "{{ {1: 'a', none: 'b', true: 'c', 1.5: 'd'}|tojson }} {{ 1e100|tojson }} {{ 1e16|tojson }} {{ ('nan'|float)|tojson }} {{ ('inf'|float)|tojson }}",
        "{{ {(1, 2): 3}|tojson }}",
        "{{ d.keys()|tojson }}",
        "{{ range(3)|tojson }}",
        "{{ namespace(a=1)|tojson }}",
        "{{ n.x|tojson }}",
        "{{ d.get|tojson }}",
        "{{ {'a': 1, 'b': 2}|tojson(indent=2, separators=(', ', ' = ')) }}",
    ],
    "functions": [
        "{{ dict(a=1, b=2) }} {{ dict({'x': 1}, y=2) }} {{ dict([('k', 'v')]) }} {{ dict() }}",
        "{{ dict(1) }}",
        "{{ dict([(1, 2, 3)]) }}",
        "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.next() }}",
        "{{ cycler() }}",
        "{% set j = joiner('|') %}{% for x in numbers %}{{ j() }}{{ x }}{% endfor %}{% set k = joiner() %}{{ k() }}a{{ k() }}",
        "{{ raise_exception('my message') }}",
        "{% if t %}{{ raise_exception('bad role: ' ~ n) }}{% endif %}",
        "{{ strftime_now('%Y-%m-%d') }} {{ strftime_now('%d %b %Y') }} {{ strftime_now('%A, %B %e, %H:%M:%S %p %j %U %y %f %%') }} {{ strftime_now('%z|%Z|') }}",
        "{{ strftime_now('%-d/%-m %I %a %w %u %V %G %D %T %R %F %C %h %n %t') }}",
        "{{ namespace(a=1).a }} {{ namespace(a=1)['a'] }} {{ namespace(a=1).b is defined }} {{ namespace().items is defined }}",
        "{{ n() }}",
        "{{ 'a'() }}",
        "{{ range() }}",
        "{{ namespace(1) }}",
        "{{ (d.get)('b') }} {{ {'f': d.get}.f('A') }}",
        "{% set get = d.get %}{{ get('b') }}",
        "{{ range(*[1, 4])|list }} {{ dict(**{'a': 1}) }}",
        "{{ range(*5) }}",
        "{{ dict(**5) }}",
    ],
}

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Its name, as in \"Žďár\"."},
                    "unit": {"type": "string", "enum": ["C", "F"]},
                    "days": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["city"],
            },
        },
    }
]

CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {
            "type": "function",
            "id": "call00001",
            "function": {"name": "get_weather", "arguments": {"city": "Žďár", "days": [1, 2]}},
        }
    ],
}

SYSTEM = {"role": "system", "content": "You are brief."}
USER = {"role": "user", "content": "Hi <there> & \"you\"\n\n  friend  "}
REPLY = {"role": "assistant", "content": "Hello."}
THOUGHT = {"role": "assistant", "content": "<think>\nshort thought\n</think>\n\nHello."}
REASONED = {"role": "assistant", "content": "Hello.", "reasoning_content": "long\nthought"}
RESULT = {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "{\"sky\": \"sunny\"}"}
PARTS = {"role": "user", "content": [{"type": "text", "text": "What is"}, {"type": "image"}, {"type": "text", "text": "this?"}]}

CONVERSATIONS = {
    "user": {"messages": [USER]},
    "no prompt": {"messages": [USER, REPLY], "add_generation_prompt": False},
    "system": {"messages": [SYSTEM, USER]},
    "turns": {"messages": [SYSTEM, USER, REPLY, USER]},
    "tools": {"messages": [USER], "tools": TOOLS},
    "tools and system": {"messages": [SYSTEM, USER], "tools": TOOLS},
    "tool call": {"messages": [USER, CALL, RESULT], "tools": TOOLS},
    "two results": {"messages": [USER, CALL, RESULT, RESULT, REPLY, USER], "tools": TOOLS},
    "thought": {"messages": [USER, THOUGHT, USER]},
    "reasoned": {"messages": [USER, REASONED, USER, REASONED]},
    "thinking off": {"messages": [USER], "enable_thinking": False},
    "thinking on": {"messages": [USER], "enable_thinking": True},
    "parts": {"messages": [PARTS]},
    "no messages": {"messages": []},
    "two users": {"messages": [USER, USER]},
    "documents": {"messages": [USER], "documents": [{"title": "T", "text": "body"}]},
    "unknown role": {"messages": [{"role": "wizard", "content": "x"}]},
}


def render(environment, template, variables):
    try:
        return {"text": environment.from_string(template).render(**variables)}
    except Exception as error:  # whatever it is, the case is that Jinja2 fails
        return {"error": f"{type(error).__name__}: {error}"}


def write_seeds(folder, cases, family_paths):
    folder.mkdir(parents=True, exist_ok=True)
    for path in family_paths:
        (folder / path.stem).write_bytes(path.read_bytes())
    for group in GROUPS:
        name = group.replace(" ", "_")
        of_group = [case for case in cases if case["group"] == group]
        rendering = [case["template"] for case in of_group if "text" in case]
        (folder / name).write_text("\n".join(rendering), encoding="utf-8", newline="")
        failing = [case["template"] for case in of_group if "error" in case]
        for number, template in enumerate(failing[:4]):
            (folder / f"{name}_fails_{number}").write_text(template, encoding="utf-8", newline="")


def main():
    here = pathlib.Path(__file__).resolve().parent / "templates"
    environment = make_environment()
    cases = []
    for group, templates in GROUPS.items():
        for template in templates:
            outcome = render(environment, template, COMMON)
            cases.append({"group": group, "template": template} | outcome)
    families = []
    family_paths = sorted(here.glob("*.jinja"))
    for path in family_paths:
        template = path.read_text(encoding="utf-8")
        for name, conversation in CONVERSATIONS.items():
            variables = {"bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": True}
            variables |= {"tools": None, "documents": None} | conversation
            outcome = render(environment, template, variables)
            families.append({"template": path.name, "conversation": name} | outcome)
    result = {
        "variables": COMMON,
        "cases": cases,
        "conversations": CONVERSATIONS,
        "families": families,
    }
    text = json.dumps(result, ensure_ascii=False, indent=1)
    (here / "cases.json").write_text(text + "\n", encoding="utf-8")
    write_seeds(here.parents[1] / "fuzz" / "corpus" / "template_fuzz", cases, family_paths)
    failing = sum("error" in case for case in cases)
    print(f"{len(cases)} cases ({failing} fail in Jinja2), {len(families)} conversations")


if __name__ == "__main__":
    main()
