"""What transformers makes of chat templates: `python chat_template_fixture.py [--real DIR --out FILE]`.

Writes src/test/resources/org/djlgpt/jinja/rendered.json: templates of our own in all constructs that models' templates
have, and small expressions, each with the text that transformers gives or nothing where it refuses; and
src/test/resources/org/djlgpt/tuning/named.json: conversations in ChatML and Llama 3's format.

With --real it renders the templates *.jinja of DIR, as `pip download` of axolotl, llama-cpp-python, trl and vllm (their
source packages) and of models brings them, and writes the cases to FILE, for
`mvn test -Dtest=JinjaTemplateTest -Dchat.templates=FILE`. Where DIR has *llama3.jinja and *chatml.jinja, they have to
agree with the formats that named.json was made with.
"""
import argparse
import datetime
import json
import random
from pathlib import Path

import transformers.utils.chat_template_utils as utils

RESOURCES = Path(__file__).resolve().parents[1] / "resources/org/djlgpt"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}


class FixedTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 6, 5, 4, 3)


TOOLS = [{"type": "function", "function": {
    "name": "sum", "description": "Adds \"two\" numbers.\nReturns é.", "parameters": {
        "type": "object", "required": ["a"],
        "properties": {"a": {"type": "integer", "enum": [1, 2]}, "b": {"type": ["number", "null"]}}}}}]

CONVERSATIONS = [
    [("user", "Hi")],
    [("user", "What is 2+2? \n"), ("assistant", "  It is 4.\n"), ("user", "And é \"quoted\" 日本? ")],
    [("system", " Be brief. "), ("user", "One\n\ntwo"), ("assistant", "<think>\nhm\n</think>\n\nOk {{ 1 }} {% x %}"),
     ("user", "Bye <b>&amp;</b> 'x' 😀")],
    [("system", "S"), ("user", "A"), ("assistant", "B")],
    [("user", "A"), ("tool", "{\"t\": 20}"), ("tool", "C"), ("assistant", "D"), ("user", "E")]]

TEMPLATES = {
    "plain loop": "{% for m in messages %}{{ '[' + m['role'] + ']' + m.content + eos_token }}{% endfor %}"
                  "{% if add_generation_prompt %}{{ '[assistant]' }}{% endif %}",
    "indented": """{%- if messages[0].role == 'system' %}
    {{- bos_token + messages[0].content | trim }}
    {%- set rest = messages[1:] %}
{%- else %}
    {{- bos_token }}
    {%- set rest = messages %}
{%- endif %}
{% for m in rest %}
    {% if m.role == 'user' %}
  U: {{ m.content }}
    {% elif m.role == "assistant" -%}
      A: {{ m.content.strip() -}}
    {% else %}
        {{+ m.role }}
    {% endif %}
{% endfor %}

{# a comment -#}
    end {%+ if add_generation_prompt %} prompt {% endif +%}
 .
""",
    "system in first user": """{% set loop_messages = messages %}{% for message in loop_messages %}
{%- if loop.first and message.role == 'system' %}{% set system = message.content %}
{%- elif loop.index0 is even %}{{ '\\n[INST] ' ~ (system if system is defined else '-') ~ message.content ~ ' [/INST]' }}
{%- else %} {{ message['content'] | trim }}{{ eos_token if loop.last else bos_token }}{% endif %}{% endfor %}""",
    "alternation": """{% for message in messages if message.role != 'system' %}{% if (message['role'] == 'user') !=
(loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate, not ' + message['role']) }}{% endif %}
{{ loop.index }}/{{ loop.length }}/{{ loop.revindex }}/{{ loop.previtem.role if not loop.first }}>{{ message.content }}
{% else %}none{% endfor %}""",
    "thinking": """{%- set ns = namespace(multi=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi and message.role == "user" and message.content is string and not(message.content.startswith('<tool>')
        and message.content.endswith('</tool>')) %}
        {%- set ns.multi = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == "assistant" %}
        {%- set content = message.content %}
        {%- set reasoning = '' %}
        {%- if message.reasoning is string %}
            {%- set reasoning = message.reasoning %}
        {%- elif '</think>' in message.content %}
            {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
            {%- set reasoning = message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {{- '<' + message.role + '>' + (loop.index0 > ns.last)|string + reasoning.strip('\\n') + content }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<tools>' }}{%- endif %}
        {{- '\\n' + message.content }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '</tools>\\n' }}{%- endif %}
    {%- else %}
        {{- '<' ~ message.role ~ '>' ~ message.content ~ '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<assistant>' }}{%- if enable_thinking is defined and enable_thinking is false %}
no{%- endif %}{%- endif %}""",
    "tools": """{%- macro type_of(spec, depth=0) -%}
    {%- if spec.type is iterable and spec.type is not string %}{{ spec.type | join(' | ') }}
    {%- elif spec.properties %}{ {% for name, part in spec.properties.items() -%}
        {{ name }}{{ '?' if name not in spec.required }}: {{ type_of(part, depth + 1) }}{{ ", " if not loop.last }}
    {%- endfor %} }{% else %}{{ spec.type }}{{ '=' ~ spec.enum if spec.enum is defined }}{% endif %}
{%- endmacro -%}
{% if tools is not none and tools %}{{ tools | tojson }}
{{ tools[0].function | tojson(indent=4) }}
{% for tool in tools %}{{ tool.function.name }}({{ type_of(tool.function.parameters) }}){% endfor %}
{% for k, v in tools[0]['function']['parameters']|items %}{{ k }}:{{ v is mapping }},{% endfor %}
{{ tools | map(attribute='function') | map(attribute='name') | list }}{% endif %}
{%- set names = messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list %}{{ names[0] }}
{{ messages | rejectattr('role', 'in', ['user', 'tool']) | list | length }}""",
    "loop control": """{% for m in messages %}{% if m.role == 'system' %}{% continue %}{% endif %}
{%- if loop.index > 3 %}{% break %}{% endif %}{{ m.role|upper }} {{ m.content|length }};{% endfor %}""",
    "generation": """{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{% set x = m.content %}{{ x }}
{% endgeneration %}{{ x is defined }}{% else %}{{ m.role }}
{% endif %}{% endfor %}""",
    "blocks": """{% set text %}
  {{ messages[0].content }}
{% endset %}[{{ text | trim }}]{% with a = 1, b = messages | length %}{{ a + b }}{% endwith %}{{ a is defined }}
{% filter upper %}loud {{ messages[-1].role }}{% endfilter %}{% raw -%}
  {{ not }} {% this %} {%- endraw %}
{% for role, content in [('a', 'b'), ('c', 'd')] %}{{ role }}={{ content }}{{ loop.cycle(',', ';') }}{% endfor %}""",
    "dates": "{{ strftime_now('%d %b %Y, %B %A %a %H:%M:%S %j %y %I %p %m %%') }}{{ date_string is defined }}",
    "scopes": """{% set x = 1 %}{% set ns = namespace(x=1, y={'a': [1]}) %}{% for m in messages %}{% set x = x + 1 %}
{%- set ns.x = ns.x + 1 %}{{ x }}{{ ns.x }}{% endfor %}{{ x }}{% if true %}{% set x = 5 %}{% set z = 6 %}{% endif %}
{{ x }}{{ z }}{{ ns.y.a[0] }}{{ nothing }}{{ messages[99] }}{{ messages[0].none_such is undefined }}
{{ (nothing or 'or') ~ (nothing | default('d')) }}{% macro m(a, b='B') %}{{ a }}{{ b }}{{ x }}{% endmacro %}
{{ m(1) }}{{ m(b=2, a=3) }}{{ m(m(4, 5)) }}""",
}

EXPRESSIONS = r"""
1 + 2 * 3 - 4 ;; 7 // 2 ;; -7 // 2 ;; -7 % 3 ;; 7.5 / 2 ;; 6 / 2 ;; 2 ** 3 ** 2 ;; -2 ** 2 ;; 1e3 ;; 1.5e-7 ;; 10 ** 17 * 1.0 ;; 100000.0 ;; 1_000
'a' + 'b' 'c' ~ 1 ~ none ~ true ~ 1.0 ;; 'ab' * 3 ;; [1] + [2] ;; [1, 2] * 2 ;; 1 == 1.0 ;; true == 1 ;; '1' == 1 ;; 1 < 2 < 3 ;; 1 < 3 < 2
'a' < 'b' ;; not 1 == 2 ;; 1 in [1, 2] ;; 'a' in 'cat' ;; 'a' in {'a': 1} ;; 3 not in [1] ;; 1 and 0 or 'x' ;; none or [] ;; 'x' if false ;; 'x' if 0 else 'y' if 1 else 'z'
[1, 'a', none, true, 1.5, [2], {'k': 'v'}, (1,), (1, 2), ()] ;; {'a': 'it\'s', 'b': "\"", 'c': '\'"'} ;; ['\n\t\\\x01é😀'] ;; 1, 2
'abcdef'[1] ;; 'abcdef'[-1] ;; 'abcdef'[1:4] ;; 'abcdef'[::-1] ;; 'abcdef'[::2] ;; 'abcdef'[-2:] ;; 'abcdef'[5:1:-2] ;; 'abc'[10:] ;; 'a😀b'[1] ;; 'a😀b'[::-1] ;; [1, 2, 3][:-1] ;; [1, 2, 3][1 + 1:] ;; (1, 2, 3)[1:]
{'a': {'b': 5}}.a.b ;; {'a': 1}['b'] is defined ;; {'items': 1}.items is callable ;; {'items': 1}['items'] ;; {'a': 1}.get('b', 2) ;; {'a': 1}.get('a') ;; {'b': 1, 'a': 2}.keys() | list ;; {'b': 1}.items() | list ;; {'b': 1}.values() | list
' \t a b \n'.strip() ~ '|' ;; 'xxaxx'.strip('x') ;; 'xxaxx'.lstrip('x') ;; 'xxaxx'.rstrip('x') ;; 'a,b,,c'.split(',') ;; ' a  b '.split() ;; 'a,b,c'.split(',', 1) ;; 'a,b,c'.rsplit(',', 1) ;; 'a-b'.partition('-') ;; 'a-b'.rpartition('+')
'abc'.startswith('ab') ;; 'abc'.startswith(('x', 'a')) ;; 'abc'.endswith('bc') ;; 'abcabc'.replace('b', 'x') ;; 'aBc'.upper() ~ 'aBc'.lower() ;; 'hello wORLD it\'s'.title() ;; 'hELLO'.capitalize() ;; 'abc'.find('c') ~ 'abc'.find('x') ;; 'a😀bc'.find('c') ;; 'aXbX'.count('X') ;; ','.join(['a', 'b']) ;; '{} {1} {{}}'.format(1, 2) if false else '{}-{}'.format(1, 'b') ;; '{a}{a}'.format(a=3) ;; '%s=%d %%' % ('a', 5) ;; '%s' % 'x' ;; 'a\nb\n'.splitlines() ;; '12'.isdigit() ;; ' '.isspace() ;; 'abc'.removeprefix('a') ~ 'abc'.removesuffix('c')
'a b' | length ;; [1, 2] | length ;; {} | length ;; 'a😀' | length ;; ' a ' | trim ~ '.' ;; 'xax' | trim('x') ;; [3, 1, 2] | sort ;; ['b', 'A', 'c'] | sort ;; ['b', 'A'] | sort(case_sensitive=true) ;; [1, 2] | sort(reverse=true) ;; {'b': 1, 'A': 2} | dictsort ;; {'b': 1, 'a': 2} | dictsort(by='value')
[1, 2, 3] | first ~ ([] | first is defined) ;; [1, 2] | last ;; 'ab' | last ;; [1, 2] | join('-') ;; [1, none, 'x'] | join ;; [{'a': 1}, {'a': 2}] | join(',', attribute='a') ;; [1, 2, 1] | unique | list ;; ['A', 'a'] | unique | list ;; [1, 2] | reverse | list ;; 'abc' | reverse ;; [1, 5, 3] | max ~ ([1, 5, 3] | min) ;; 'a b' | title ;; 'x' | upper ;; 'aBC' | capitalize ;; 5 | string + '5'
nothing | default('d') ;; '' | default('d') ;; '' | default('d', true) ;; none | default('d') ;; none | d('x', boolean=true) ;; '5' | int + 1 ;; 'x' | int(7) ;; '1.5' | float ;; 3.9 | int ;; 'a\nb\n\nc' | indent(2) ;; 'a\nb' | indent(2, true) ;; 'a\n\nb' | indent(1, blank=true) ;; '%s %s' | format(1, 2) ;; [1, 0, 2] | select | list ;; [1, 0, 2] | reject('equalto', 0) | list ;; [1, 2, 3, 4] | select('even') | list ;; [1, 2, 3] | select('gt', 1) | list ;; [{'a': 1}, {}] | selectattr('a') | list ;; [{'a': 1}, {'a': 2}] | selectattr('a', '==', 2) | list ;; [{'a': {'b': 3}}] | map(attribute='a.b') | list ;; [{}] | map(attribute='a', default=4) | list ;; ['a'] | map('upper') | list ;; [['a', 'b']] | map('join', '+') | list ;; none | map('upper') | list
{'a': [1, 2.0, true, none, 'é"\n\\/<>&\u2028😀']} | tojson ;; {'b': 1, 'a': []} | tojson(sort_keys=true) ;; {'a': [1, {}], 'b': {'c': 1}} | tojson(indent=2) ;; [1, 2] | tojson(separators=(',', ':')) ;; 'é' | tojson(ensure_ascii=true) ;; [] | tojson(indent=2) ;; 'x' | tojson ;; 1.0 | tojson ;; {1: 2} | tojson ;; (1, 2) | tojson
'<a>' | safe + '<b>' if false else ('<a>' | safe) ;; ('<a>' | safe) + '<b>\'"&' ;; '<b>' + ('<a>' | safe) ;; ('<a>' | safe) ~ '<b>' ;; ('<a>' | safe) is string
1 is number and true is number and 'a' is not number ;; 1 is integer and true is not integer ;; 1.0 is float ;; 'a' is string ;; {} is mapping ;; [] is sequence and 'a' is sequence and {} is sequence and 1 is not sequence ;; [] is iterable and nothing is iterable and 1 is not iterable ;; none is none ;; nothing is undefined ;; true is true and 1 is not true ;; false is false ;; true is boolean ;; 4 is even and 3 is odd ;; 9 is divisibleby 3 ;; 9 is divisibleby(3) ;; 1 is eq 1 ;; 1 is in [1] ;; 'a' is lower and 'A' is upper ;; none is sameas none ;; range is callable ;; 1 is defined ;; not nothing is defined
range(3) | list ;; range(1, 4) | list ;; range(5, 0, -2) | list ;; dict(a=1, b='x') ;; namespace(a=1).a ;; (1).x is undefined ;; none.x is undefined ;; loop is undefined ;; 5 if 1 is defined else 6
'\x41\u00e9\U0001F600\'\"\\\q' ;; "a'b" ;; 'a"b' ;; true ~ True ~ none ~ None ;; 3 ;; 0.1 + 0.2 ;; 1e16 ;; 1e-5 ;; 123456789.125 ;; [0.0, -0.0] ;; 'a' ~ [1, 'b']
"""

REFUSED = r"""
none.x.y ;; nothing.x ;; nothing + 1 ;; nothing() ;; 'a' + 1 ;; 1 + none ;; [] + 'a' ;; 1 < 'a' ;; 1 in 5 ;; raise_exception('no') ;; [1].append(2) ;; {'a': 1}.update({}) ;; 'a' | nonesuch ;; 'a' is nonesuch ;; 1 / 0 ;; 1 // 0 ;; 'abc'.nonesuch() ;; ''.__class__.__mro__ ;; [1][0].x.y ;; range(1000000) ;; 5() ;; 'x'.split('') ;; {}['a'].b ;; '%s %s' % 1 ;; '%s' % (1, 2) ;; 1 | length ;; none | join ;; namespace(a=1).b.c
"""


def render(template, messages, generation, **more):
    try:
        return utils.render_jinja_template(
            conversations=[messages], chat_template=template, add_generation_prompt=generation, **(TOKENS | more))[0][0]
    except Exception:
        return None


def messages(conversation):
    return [{"role": role, "content": content} for role, content in conversation]


def texts(template, conversations, **more):
    """With and without a generation prompt; none where it is refused."""
    return [render(template, messages(conversation), generation, **more)
            for conversation in conversations for generation in [True, False]]


def expressions(text):
    return [f"{{{{ {part} }}}}" for line in text.strip().splitlines() for part in line.split(" ;; ")]


def random_text(chance):
    pieces = [" ", "\n", "a", "### Input:", "é", "<|im_end|>", "{{x}}", "\x1c", "\xa0", "\u2028", "\u200b", "日本", "😀"]
    return "".join(chance.choices(pieces, k=chance.randrange(6)))


def random_conversation(chance):
    conversation = [("system", random_text(chance))] if chance.random() < .5 else []
    for _ in range(chance.randrange(3)):
        conversation += [("user", random_text(chance)), ("assistant", random_text(chance))]
    return conversation + [("user", random_text(chance))]


NAMED = {
    "chatml": "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "llama3": "{{ '<|begin_of_text|>' }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n'"
              " + m.content | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}"
              "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}"}


def write(path, conversations, **parts):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"conversations": [messages(conversation) for conversation in conversations], **parts}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", "utf-8")
    print(path, path.stat().st_size, "bytes")


def templates(named, conversations, more=None):
    return [{"name": name, "template": template, "texts": texts(template, conversations, **(more or {}).get(name, {}))}
            for name, template in named.items()]


def write_fixtures():
    utils.datetime = FixedTime
    refused = [template for template in expressions(REFUSED) if render(template, [], False) is not None]
    assert not refused, refused
    small = [{"template": template, "text": render(template, [], False)}
             for template in expressions(EXPRESSIONS) + expressions(REFUSED)]
    write(RESOURCES / "jinja/rendered.json", CONVERSATIONS, tools=TOOLS, expressions=small,
          templates=templates(TEMPLATES, CONVERSATIONS, {"tools": {"tools": TOOLS}}))
    chance = random.Random(1)
    conversations = [random_conversation(chance) for _ in range(20)]
    write(RESOURCES / "tuning/named.json", conversations, templates=templates(NAMED, conversations))


def compare_named(name, template):
    """Real templates say that a system message is missing, or begin the text; else they agree with ours."""
    chance = random.Random(2)
    for conversation in [random_conversation(chance) for _ in range(100)]:
        for generation in [True, False]:
            theirs = render(template, messages(conversation), generation, bos_token="<|begin_of_text|>")
            if theirs is None or theirs != render(NAMED[name], messages(conversation), generation):
                return f"{name} differs: {conversation} {theirs!r}"
    return f"{name} agrees in 200 of 200"


def compare_real(folder, out):
    real = {path.name: path.read_bytes().decode() for path in sorted(folder.glob("*.jinja"))}
    for path, template in real.items():
        for name in NAMED:
            if path.endswith(name + ".jinja"):
                print(path, compare_named(name, template))
    write(out, CONVERSATIONS, tools=None, expressions=[], templates=templates(real, CONVERSATIONS))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--real", type=Path, metavar="DIR")
    arguments.add_argument("--out", type=Path, metavar="FILE")
    given = arguments.parse_args()
    if given.real:
        compare_real(given.real, given.out)
    else:
        write_fixtures()


if __name__ == "__main__":
    main()
