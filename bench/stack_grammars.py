#!/usr/bin/env python3
"""Grammars that need a stack, with texts that are of them and texts that are not, as `atelier grammar bench` reads them.

    bench/stack_grammars.py > grammars.jsonl
    build/release/atelier grammar bench grammars.jsonl
    bench/grammar_table.py build/release/atelier grammars.jsonl     # beside the peers
"""
import json
import random

GRAMMARS = {
    "json": r'''
root ::= ws value ws
value ::= object | array | string | number | "true" | "false" | "null"
object ::= "{" ws (member ("," ws member)*)? "}" 
member ::= string ws ":" ws value ws
array ::= "[" ws (element ("," ws element)*)? "]"
element ::= value ws
string ::= "\"" ([^"\\\x00-\x1f] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\""
number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [-+]? [0-9]+)?
ws ::= [ \t\n]*
''',
    "arithmetic": r'''
root ::= statement+
statement ::= name " = " sum ";\n"
sum ::= product ((" + " | " - ") product)*
product ::= factor ((" * " | " / ") factor)*
factor ::= name | number | "-" factor | "(" sum ")" | name "(" sum (", " sum)* ")"
name ::= [a-z] [a-z0-9_]*
number ::= [0-9]+ ("." [0-9]+)?
''',
    "sql": r'''
root ::= select ";"
select ::= "SELECT " columns " FROM " tables (" WHERE " condition)? (" ORDER BY " name (" DESC")?)? (" LIMIT " [0-9]+)?
columns ::= "*" | value (", " value)*
tables ::= table (" JOIN " table " ON " condition)*
table ::= name (" AS " name)? | "(" select ") AS " name
condition ::= conjunction (" OR " conjunction)*
conjunction ::= test (" AND " test)*
test ::= "NOT " test | value (" = " | " < " | " > " | " <> ") value | value " IN (" (select | value (", " value)*) ")" | "(" condition ")"
value ::= name ("." name)? | name "(" (value | "*") ")" | number | string | "(" select ")"
name ::= [a-z] [a-z_0-9]*
number ::= [0-9]+
string ::= "'" [^'\n]* "'"
''',
    "c": r'''
root ::= function+
function ::= type " " name "(" (type " " name (", " type " " name)*)? ") " block "\n"
type ::= "int" | "double" | "char *" | "void"
block ::= "{" nl (statement nl)* "}"
statement ::= block | "if (" expr ") " statement (nl? " "? "else " statement)? | "while (" expr ") " statement | "return" (" " expr)? ";" | type " " name (" = " expr)? ";" | expr ";"
expr ::= or (" = " expr)?
or ::= and (" || " and)*
and ::= compare (" && " compare)*
compare ::= sum ((" == " | " < " | " > ") sum)?
sum ::= product ((" + " | " - ") product)*
product ::= unary ((" * " | " / ") unary)*
unary ::= ("-" | "!" | "*" | "&") unary | postfix
postfix ::= primary ("[" expr "]" | "(" (expr (", " expr)*)? ")" | "++")*
primary ::= name | number | "\"" [^"\n\\]* "\"" | "(" expr ")"
name ::= [a-zA-Z_] [a-zA-Z_0-9]*
number ::= [0-9]+ ("." [0-9]+)?
nl ::= "\n" " "*
''',
}


class Writer:
    """Texts as people write them, by hand-made rules of their own."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *options):
        return self.random.choice(options)

    def many(self, make, low, high, between=", "):
        return between.join(make() for _ in range(self.random.randint(low, high)))

    def word(self):
        return self.pick("name", "total", "order", "customer", "price", "count", "index", "left", "right", "value", "city")

    def number(self):
        return str(self.random.randrange(self.pick(10, 1000, 100000)))

    def json(self):
        def value(depth):
            kind = self.random.randrange(6 if depth < 5 else 3)
            if kind < 2:
                return self.many(self.word, 1, 4, " ")
            if kind == 2:
                return self.pick(True, None, self.random.randrange(10000), round(self.random.uniform(-9, 9), 3))
            if kind == 3:
                return [value(depth + 1) for _ in range(self.random.randrange(4))]
            return {self.word(): value(depth + 1) for _ in range(self.random.randint(1, 5))}
        return json.dumps({"records": [value(1) for _ in range(3)]}, indent=self.pick(None, 2))

    def sum(self, depth=0):
        def factor():
            kind = self.random.randrange(6 if depth < 3 else 2)
            if kind < 2:
                return self.pick(self.word(), self.number())
            if kind == 2:
                return "-" + self.word()
            if kind == 3:
                return f"{self.word()}({self.many(lambda: self.sum(depth + 1), 1, 3)})"
            return f"({self.sum(depth + 1)})"
        return self.many(lambda: self.many(factor, 1, 2, self.pick(" * ", " / ")), 1, 3, self.pick(" + ", " - "))

    def arithmetic(self):
        return self.many(lambda: f"{self.word()} = {self.sum()};\n", 2, 6, "")

    def sql(self):
        def value(depth):
            kind = self.random.randrange(5 if depth < 2 else 4)
            return [self.word(), f"{self.word()}.{self.word()}", f"{self.pick('count', 'sum')}({self.word()})",
                    self.pick(self.number(), f"'{self.word()}'")][kind] if kind < 4 else f"({select(depth + 1)})"

        def test(depth):
            kind = self.random.randrange(5 if depth < 2 else 2)
            if kind < 2:
                return value(depth) + self.pick(" = ", " < ", " > ", " <> ") + value(2)
            if kind == 2:
                return f"{self.word()} IN ({self.pick(select(depth + 1), self.many(lambda: value(2), 1, 4))})"
            return f"({self.many(lambda: test(depth + 1), 2, 3, self.pick(' AND ', ' OR '))})"

        def select(depth):
            text = f"SELECT {self.pick('*', self.many(lambda: value(2), 1, 4))} FROM {self.word()}"
            if self.random.random() < 0.4:
                text += f" JOIN {self.word()} AS {self.word()} ON {test(2)}"
            if self.random.random() < 0.8:
                text += f" WHERE {self.many(lambda: test(depth), 1, 3, ' AND ')}"
            return text + self.pick("", f" ORDER BY {self.word()} DESC", f" LIMIT {self.number()}")
        return select(0) + ";"

    def c(self):
        def statement(depth, indent):
            kind = self.random.randrange(6 if depth < 3 else 3)
            if kind < 1:
                return f"{self.pick('int', 'double')} {self.word()} = {self.sum(2)};"
            if kind < 2:
                return f"{self.word()}[{self.word()}] = {self.sum(1)};"
            if kind == 2:
                return f"return {self.sum(1)};"
            head = self.pick(f"if ({self.word()} < {self.sum(2)}) ", f"while ({self.word()} && !{self.word()}) ")
            return head + block(depth + 1, indent + 2)

        def block(depth, indent):
            lines = [" " * (indent + 2) + statement(depth, indent) for _ in range(self.random.randint(1, 4))]
            return "{\n" + "\n".join(lines) + "\n" + " " * indent + "}"
        return self.many(lambda: f"int {self.word()}(int {self.word()}, char * {self.word()}) {block(0, 0)}\n", 1, 3, "")


def main():
    for name, grammar in GRAMMARS.items():
        writer = Writer(name)
        tests = []
        for _ in range(30):
            text = getattr(writer, name)()
            tests.append({"valid": True, "data": text})
            openers = [at for at, byte in enumerate(text) if byte in "([{"]
            if openers:  # one is closed and was never opened
                at = writer.random.choice(openers)
                tests.append({"valid": False, "data": text[:at] + text[at + 1:]})
        print(json.dumps({"name": name, "grammar": grammar.strip() + "\n", "tests": tests}))


if __name__ == "__main__":
    main()
