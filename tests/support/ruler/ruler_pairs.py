"""Patterns and events for comparing with AWS Event Ruler: every operator against every value, what one
thinks of by hand, and random ones with fixed seeds. Prints NDJSON {"pattern": …, "events": [ … ]}, both
as JSON text within JSON, because spelling matters: 3.0e2, \\u0061, a name that occurs twice."""

import json
import random

# Lists of a field's values, as JSON text.
LISTS = [
    *['["a"]', '["A"]', '[""]', '["a","b"]', '["ab"]', '["300"]', '["true"]', '["null"]', '["\\u0061"]'],
    *['["\\u00fc"]', '["😀"]', '["a\\"b"]', '["a\\\\b"]', '["a\\nb"]', '["a*b"]', '["10.0.0.1"]'],
    *['["010.0.0.1"]', '["::1"]', '["0:0:0:0:0:0:0:1"]', '["::ffff:a00:1"]', '["10.0.0.256"]', '["10.0.0"]'],
    *['["1:2"]', '["FE80::1"]', '[{"exactly":"10.0.0.1"}]', '[{"exactly":"a"}]', '[{"exactly":""}]'],
    *["[300]", "[3.0e2]", "[300.0]", "[3e+2]", "[-0]", "[0]", "[-0.0]", "[0.1]", "[1e400]", "[1E400]"],
    *["[9007199254740993]", "[9007199254740992]", "[9007199254740994]", "[18446744073709551615]"],
    *["[0.1000000000000000055]", "[123456789012345678901234567890]", "[1e-400]", "[5e-324]", "[1e22]"],
    *["[1.7976931348623157e308]", "[100000000000000000000]", "[0.30000000000000004]", "[0e999]"],
    *["[true]", "[false]", "[null]", "[true,1]", '[null,"a"]', '["a",{"exists":false}]', "[1,2,3]"],
    *['[{"prefix":"a"}]', '[{"prefix":""}]', '[{"prefix":"ab"}]', '[{"prefix":"3"}]', '[{"prefix":"\\u00fc"}]'],
    *['[{"prefix":{"equals-ignore-case":"AB"}}]', '[{"prefix":{"equals-ignore-case":"\\u00dc"}}]'],
    *['[{"prefix":{"equals-ignore-case":""}}]', '[{"suffix":{"equals-ignore-case":""}}]'],
    *['[{"suffix":"b"}]', '[{"suffix":""}]', '[{"suffix":"ab"}]', '[{"suffix":"0"}]', '[{"suffix":"\\u00fc"}]'],
    *['[{"suffix":{"equals-ignore-case":"AB"}}]', '[{"suffix":{"equals-ignore-case":"\\u00dc"}}]'],
    *['[{"equals-ignore-case":"A"}]', '[{"equals-ignore-case":"aB"}]', '[{"equals-ignore-case":""}]'],
    *['[{"equals-ignore-case":"\\u00dc"}]', '[{"equals-ignore-case":"300"}]', '[{"equals-ignore-case":"TRUE"}]'],
    *['[{"wildcard":"*"}]', '[{"wildcard":""}]', '[{"wildcard":"a*"}]', '[{"wildcard":"*b"}]', '[{"wildcard":"a*b"}]'],
    *['[{"wildcard":"*a*"}]', '[{"wildcard":"*a*b*"}]', '[{"wildcard":"a*a"}]', '[{"wildcard":"*ab*ab"}]'],
    *['[{"wildcard":"a\\\\*b"}]', '[{"wildcard":"a\\\\\\\\*"}]', '[{"wildcard":"*\\\\**"}]', '[{"wildcard":"ab"}]'],
    *['[{"wildcard":"3*"}]', '[{"wildcard":"*\\u00fc*"}]', '[{"wildcard":"*\\"*"}]'],
    *['[{"anything-but":"a"}]', '[{"anything-but":["a","b"]}]', '[{"anything-but":""}]', '[{"anything-but":300}]'],
    *['[{"anything-but":[300,1]}]', '[{"anything-but":3.0e2}]', '[{"anything-but":["10.0.0.1"]}]'],
    *['[{"anything-but":"300"}]', '[{"anything-but":{"prefix":"a"}}]', '[{"anything-but":{"prefix":["a","3"]}}]'],
    *['[{"anything-but":{"suffix":"b"}}]', '[{"anything-but":{"suffix":["b","a"]}}]'],
    *['[{"anything-but":{"equals-ignore-case":"AB"}}]', '[{"anything-but":{"equals-ignore-case":["A","B"]}}]'],
    *['[{"anything-but":{"wildcard":"a*b"}}]', '[{"anything-but":{"wildcard":["a*","*b"]}}]'],
    *['[{"anything-but":{"wildcard":"*"}}]', '[{"anything-but":{"equals-ignore-case":""}}]'],
    *['[{"numeric":["=",300]}]', '[{"numeric":["=",3.0e2]}]', '[{"numeric":["<",300]}]', '[{"numeric":["<=",300]}]'],
    *['[{"numeric":[">",300]}]', '[{"numeric":[">=",300]}]', '[{"numeric":[">",0,"<=",300]}]'],
    *['[{"numeric":[">=",0,"<",300]}]', '[{"numeric":["<",0]}]', '[{"numeric":[">",-1,"<",0.2]}]'],
    *['[{"numeric":[">=",9007199254740992]}]', '[{"numeric":["<=",-0.0]}]', '[{"numeric":[">",1e300]}]'],
    *['[{"exists":true}]', '[{"exists":false}]', '[{"exists":false},{"prefix":"a"}]', '[{"exists":true},"a"]'],
    *['[{"cidr":"10.0.0.0/8"}]', '[{"cidr":"10.0.0.9/31"}]', '[{"cidr":"0.0.0.0/0"}]', '[{"cidr":"10.0.0.0/24"}]'],
    *['[{"cidr":"::/0"}]', '[{"cidr":"2001:db8::/33"}]', '[{"cidr":"2001:DB8:0::5/127"}]', '[{"cidr":"010.0.0.0/8"}]'],
    *['[{"cidr":"::ffff:a00:0/8"}]', '["a",300,{"prefix":"x"},{"numeric":["<",5]},{"cidr":"10.0.0.0/8"}]'],
    *['["a",{"anything-but":"a"}]', '[{"anything-but":"a"},{"anything-but":"b"}]', '[1,{"anything-but":[1]}]'],
]

# Values of an event, as JSON text.
VALUES = [
    *['"a"', '"A"', '"b"', '"ab"', '"AB"', '"Ab"', '"abc"', '"abab"', '"ba"', '""', '"\\u0061"', '"300"', '"3.0e2"'],
    *['"true"', '"null"', '"\\u00fc"', '"\\u00dc"', '"x\\u00fc"', '"\\u00fcb"', '"\\ud83d\\ude00"', '"a\\"b"'],
    *['"a\\\\b"', '"a\\\\"', '"a\\nb"', '"a*b"', '"axb"', '"*"', '"10.0.0.1"', '"010.0.0.1"', '"10.0.0.8"'],
    *['"10.0.0.9"', '"10.0.0.010"', '"10.0.0.256"', '"10.0.0"', '"10.0.0.1 "', '"0010.0.0.00001"', '"0x0a.0.0.1"'],
    *['"255.255.255.255"', '"11.0.0.0"', '"::1"', '"0:0:0:0:0:0:0:1"', '"::0001"', '"0::0:1"', '"::ffff:a00:1"'],
    *['"::ffff:10.0.0.1"', '"::a00:1"', '"2001:db8:7fff::1"', '"2001:DB8:8000::1"', '"2001:db8::4"', '"2001:db8:0::5"'],
    *['"fe80::1"', '"fe80::1%eth0"', '"1:2"', '":"', '"::"', '":::"', '"1:2:3:4:5:6:7:8:9"', '"00001::1"'],
    *["300", "300.0", "3.0e2", "3E2", "3e+2", "30e1", "300.5", "299", "0", "-0", "-0.0", "0.0", "0e5", "1", "-1"],
    *["0.1", "0.10", "1e-1", "0.1000000000000000055", "9007199254740992", "9007199254740993", "9007199254740994"],
    *["18446744073709551615", "1.8446744073709551615e19", "1e22", "10000000000000000000000", "1e400", "1E400", "10e399"],
    *["123456789012345678901234567890", "1e-400", "5e-324", "1.7976931348623157e308", "0.30000000000000004"],
    *["100000000000000000000", "true", "false", "null", "[]", "{}", "[[]]", "[{}]", '["a"]', '["b","a"]', '["b",["a"]]'],
    *['[["a"],[["b"]]]', '["a",1,null,true]', "[1,2]", "[300]", "[null]", '{"a":1}', '[{"v":"a"}]', '{"v":"a"}'],
    *['["b",{"v":"a"},"c"]', '[{"w":1},"a"]', "[[[[300.0]]]]", '[[],"a"]'],
]

# Patterns that only compiling can tell about.
COMPILED = [
    *["{}", "[]", "5", '"a"', "null", "", "{", '{"a":[]}', '{"a":{}}', '{"a":"x"}', '{"a":1}', '{"a":null}'],
    *['{"a":[["x"]]}', '{"a":[{}]}', '{"a":[{"prefix":"x","suffix":"y"}]}', '{"a":[{"prefx":"x"}]}'],
    *['{"a":[{"prefix":5}]}', '{"a":[{"prefix":["a"]}]}', '{"a":[{"prefix":{"wildcard":"a"}}]}'],
    *['{"a":[{"suffix":null}]}', '{"a":[{"suffix":{"equals-ignore-case":5}}]}', '{"a":[{"equals-ignore-case":["a"]}]}'],
    *['{"a":[{"wildcard":"**"}]}', '{"a":[{"wildcard":"a**b"}]}', '{"a":[{"wildcard":"a\\\\"}]}'],
    *['{"a":[{"wildcard":"\\\\n"}]}', '{"a":[{"wildcard":5}]}', '{"a":[{"wildcard":["a"]}]}', '{"a":[{"exists":"x"}]}'],
    *['{"a":[{"exists":[true]}]}', '{"a":[{"numeric":5}]}', '{"a":[{"numeric":[]}]}', '{"a":[{"numeric":[">"]}]}'],
    *['{"a":[{"numeric":[">","5"]}]}', '{"a":[{"numeric":["~",5]}]}', '{"a":[{"numeric":["<",5,">",0]}]}'],
    *['{"a":[{"numeric":[">",5,"<",5]}]}', '{"a":[{"numeric":[">=",5,"<=",5]}]}', '{"a":[{"numeric":[">",6,"<",5]}]}'],
    *['{"a":[{"numeric":["=",1,"=",1]}]}', '{"a":[{"numeric":[">",1,">",2]}]}', '{"a":[{"numeric":[">",1,"<",2,"<",3]}]}'],
    *['{"a":[{"numeric":["=",1e400]}]}', '{"a":[{"numeric":[">",9007199254740993]}]}', '{"a":[{"anything-but":[]}]}'],
    *['{"a":[{"anything-but":["a",1]}]}', '{"a":[{"anything-but":true}]}', '{"a":[{"anything-but":null}]}'],
    *['{"a":[{"anything-but":[["a"]]}]}', '{"a":[{"anything-but":{"numeric":["=",1]}}]}', '{"a":[{"anything-but":{}}]}'],
    *['{"a":[{"anything-but":{"prefix":""}}]}', '{"a":[{"anything-but":{"suffix":["a",""]}}]}'],
    *['{"a":[{"anything-but":{"prefix":5}}]}', '{"a":[{"anything-but":{"prefix":"a","suffix":"b"}}]}'],
    *['{"a":[{"anything-but":{"wildcard":"**"}}]}', '{"a":[{"anything-but":{"prefix":{"equals-ignore-case":"a"}}}]}'],
    *['{"a":[{"anything-but":9007199254740993}]}', '{"a":[{"cidr":"10.0.0.0"}]}', '{"a":[{"cidr":"10.0.0.0/33"}]}'],
    *['{"a":[{"cidr":"10.0.0.0/-1"}]}', '{"a":[{"cidr":"10.0.0.0/x"}]}', '{"a":[{"cidr":"10.0.0/8"}]}'],
    *['{"a":[{"cidr":"::/129"}]}', '{"a":[{"cidr":5}]}', '{"a":[{"cidr":"example.com/8"}]}', '{"a":[{"exactly":5}]}'],
    *['{"$or":[{"a":["x"]}]}', '{"$or":[{"a":["x"]},5]}', '{"$or":{"a":["x"]}}', '{"$or":[]}'],
    *['{"$or":[{"a":["x"]},{}]}', '{"$or":[{"prefix":["x"]},{"a":[1]}]}', '{"$or":[{"a":{"numeric":["x"]}},{"a":[1]}]}'],
    *['{"$or":[{"regex":["x"]},{"a":[1]}]}', '{"prefix":["x"]}', '{"a":{"prefix":["x"]}}'],
    *['{"a":[+1]}', '{"a":[01]}', '{"a":[1.]}', '{"a":[.5]}', '{"a":[tru]}', "{'a':[1]}", '{"a":[1],}'],
]

# Patterns over whole events with the events that are worth trying.
WHOLE = [
    ('{"a":{"b":["x"],"c":[1]}}',
     ['{"a":{"b":"x","c":1}}', '{"a":[{"b":"x","c":1}]}', '{"a":[{"b":"x"},{"c":1}]}', '{"a":[{"b":"x"},{"b":"x","c":1}]}',
      '{"a":[[{"b":"x"}],[{"c":1}]]}', '{"a":[[{"b":"x","c":1}]]}', '{"a":[[{"b":"x"},{"c":1}]]}',
      '{"a":{"b":["x"],"c":[1]}}', '{"a":[{"b":["y","x"],"c":[2,1]}]}', '{"a":{"b":"x"},"a":{"c":1}}',
      '{"a":[{"b":"x"}],"a":[{"c":1}]}', '{"a":{"b":"x"},"a.c":1}', '{"a.b":"x","a.c":1}', '{"a.b":"x","a":[{"c":1}]}',
      '{"a":[{"b":"x"}],"a.c":1}', '{"a":[{"b":[{"x":1},"x"],"c":1}]}', '{"a":[{"b":[["x"]]},{"c":1}]}']),
    ('{"a":{"b":{"x":[1],"y":[2]},"c":[3]}}',
     ['{"a":[{"b":[{"x":1},{"y":2}],"c":3}]}', '{"a":[{"b":[{"x":1,"y":2}]},{"c":3}]}',
      '{"a":[{"b":[{"x":1,"y":2}],"c":3}]}', '{"a":{"b":[{"x":1,"y":2}],"c":3}}', '{"a":{"b":{"x":1,"y":2},"c":[3,4]}}',
      '{"a":[{"b":{"x":1,"y":2}},{"c":3}]}', '{"a":[{"b":[{"x":1,"y":0},{"x":0,"y":2},{"x":1,"y":2}],"c":3}]}']),
    ('{"a":{"x":[1]},"b":{"x":[2]}}',
     ['{"a":[{"x":0},{"x":1}],"b":[{"x":2}]}', '{"a":[{"x":1}],"b":[{"x":0},{"x":2}]}', '{"a":[{"x":1}],"b":[]}']),
    ('{"a":{"b":["x"],"c":[{"exists":false}]}}',
     ['{"a":{"b":"x"}}', '{"a":{"b":"x","c":1}}', '{"a":[{"b":"x"},{"c":1}]}', '{"a":[{"b":"x","c":1}]}',
      '{"a":[{"b":"x","c":[]}]}', '{"a":[{"b":"x","c":{}}]}', '{"a":[{"b":"x","c":null}]}', '{"a":[{"c":1},{"b":"x"}]}',
      '{"a":[[{"b":"x"}],[{"c":1}]]}', '{"a":[{"b":"x","c":[{"c":1}]}]}']),
    ('{"a":{"b":[{"exists":false}],"c":[1]}}',
     ['{"a":{"c":1}}', '{"a":[{"c":1},{"b":2}]}', '{"a":[{"c":1}]}', '{"a":[{"b":1,"c":1},{"c":1}]}', '{"a":[{"c":1},{"c":2}]}']),
    ('{"a":{"b":["x",{"exists":false}],"c":[1]}}',
     ['{"a":[{"b":"x"},{"c":1}]}', '{"a":[{"b":"y"},{"c":1}]}', '{"a":[{"b":"x","c":1}]}', '{"a":{"c":1}}', '{"a":{"b":"y","c":1}}']),
    ('{"a":{"c":["x",{"exists":false}],"b":[1]}}',
     ['{"a":[{"b":1},{"c":"x"}]}', '{"a":[{"b":1},{"c":"y"}]}', '{"a":[{"b":1,"c":"x"}]}', '{"a":{"b":1}}', '{"a":{"c":"y","b":1}}']),
    ('{"a":[{"exists":false}],"b":[1]}',
     ['{"b":1}', '{"a":[],"b":1}', '{"a":{},"b":1}', '{"a":{"x":1},"b":1}', '{"a":[{"x":1}],"b":1}', '{"a":null,"b":1}', '{"a":[null],"b":1}']),
    ('{"a":{"b":[{"exists":false}]}}',
     ["{}", '{"a":1}', '{"a":{}}', '{"a":[]}', '{"a":{"b":{}}}', '{"a":{"b":[]}}', '{"a":{"b":{"c":1}}}', '{"a":{"b":0}}', '{"a":[{"b":0}]}', '{"a":[1,2]}']),
    ('{"a":{"b":[{"exists":true}]}}',
     ["{}", '{"a":1}', '{"a":{}}', '{"a":{"b":{}}}', '{"a":{"b":[]}}', '{"a":{"b":{"c":1}}}', '{"a":{"b":0}}', '{"a":[{"b":null}]}', '{"a":[{"c":1},[{"b":1}]]}']),
    ('{"a":[{"exists":true}]}', ['{"a":{"b":1}}', '{"a":[{"b":1}]}', '{"a":[{"b":1},2]}', '{"a":[[]]}', '{"a":""}']),
    ('{"a.b":[1]}', ['{"a":{"b":1}}', '{"a.b":1}', '{"a":[{"b":1}]}', '{"a.b":{"c":1}}', '{"a":{"b":{"c":1}}}']),
    ('{"a":{"b.c":[1]}}', ['{"a":{"b":{"c":1}}}', '{"a.b":{"c":1}}', '{"a.b.c":1}', '{"a":{"b.c":1}}', '{"a":{"b":1}}']),
    ('{"":[1]}', ['{"":1}', '{"a":1}', "{}"]),
    ('{"a":{"":[1]}}', ['{"a":{"":1}}', '{"a":1}']),
    ('{"a\\"b":[1],"\\u00fc":[2]}', ['{"a\\"b":1,"\\u00fc":2}', '{"a\\u0022b":1,"ü":2}', '{"a\\"b":1}']),
    ('{"\\u0061":[1]}', ['{"a":1}', '{"\\u0061":1}', '{"\\u0061":2,"a":1}']),
    ('{"a":[1],"b":[2]}', ['{"a":1,"a":2,"b":2}', '{"a":2,"a":1,"b":2}', '{"a":[1],"b":[[2]]}', '{"b":2,"a":1}', '{"a":1}']),
    ('{"$or":[{"a":[1]},{"b":[2]}]}', ['{"a":1}', '{"b":2}', '{"a":2,"b":1}', '{"a":1,"b":2}', "{}"]),
    ('{"c":[3],"$or":[{"a":[1]},{"b":[2]}]}', ['{"a":1}', '{"b":2,"c":3}', '{"a":1,"c":3}', '{"c":3}']),
    ('{"$or":[{"a":[1]},{"b":[2]}],"c":[3]}', ['{"a":1}', '{"b":2,"c":3}', '{"a":1,"c":3}', '{"c":3}']),
    ('{"$or":[{"a":[1]},{"b":[2]}],"d":{"$or":[{"x":[1]},{"y":[2]}]}}',
     ['{"a":1,"d":{"x":1}}', '{"a":1,"d":{"y":2}}', '{"b":2,"d":{"y":2}}', '{"a":1}', '{"d":{"x":1}}', '{"b":2,"d":[{"x":0},{"y":2}]}']),
    ('{"$or":[{"a":[1],"$or":[{"b":[1]},{"c":[1]}]},{"d":[1]}]}', ['{"a":1}', '{"a":1,"c":1}', '{"d":1}', '{"b":1}']),
    ('{"d":{"x":[1],"$or":[{"y":[2]},{"z":[3]}]}}',
     ['{"d":[{"x":1},{"y":2}]}', '{"d":[{"x":1,"z":3}]}', '{"d":{"x":1,"y":2}}', '{"d":{"x":1}}']),
    ('{"$or":[{"a":[{"exists":false}]},{"b":[1]}]}', ["{}", '{"a":1}', '{"a":1,"b":1}', '{"b":1}']),
    ('{"$or":[1]}', ['{"$or":1}', "{}"]),
    ('{"a":{"$or":[{"b":[1]},{"c":{"d":[2]}}]}}', ['{"a":{"b":1}}', '{"a":{"c":{"d":2}}}', '{"a":[{"c":[{"d":2}]}]}', '{"a":{"c":2}}']),
    ('{"a":{"b":{"c":{"d":[1],"e":[2]}}}}',
     ['{"a":[{"b":[{"c":[{"d":1},{"e":2}]},{"c":[{"d":1,"e":2}]}]}]}', '{"a":[{"b":[{"c":[{"d":1}]},{"c":[{"e":2}]}]}]}',
      '{"a":[[[{"b":[[{"c":{"d":[[1]],"e":2}}]]}]]]}', '{"a":[{"b":{"c":{"d":1}}},{"b":{"c":{"e":2}}}]}']),
    ('{"a":[1],"a.b":[2]}', ['{"a":[1,{"b":2}]}', '{"a":[[1],{"b":2}]}', '{"a":1,"a.b":2}', '{"a":[{"b":2}],"a":1}']),
]  # fmt: skip


class Random:
    """Small vocabularies, so that patterns and events often meet."""

    NAMES = ["a", "b", "c"]
    WORDS = ["x", "y", "xy", "X"]
    SCALARS = ['"x"', '"y"', '"xy"', '"X"', '""', "1", "2", "1.0", "10e-1", "true", "null"]
    MATCHERS = [
        *['"x"', '"y"', "1", "2", "true", "null", '{"prefix":"x"}', '{"suffix":"y"}', '{"exists":true}'],
        *['{"exists":false}', '{"anything-but":"x"}', '{"anything-but":["x","y"]}', '{"anything-but":1}'],
        *['{"anything-but":{"prefix":"x"}}', '{"numeric":[">",1]}', '{"numeric":[">=",1,"<",2]}'],
        *['{"equals-ignore-case":"x"}', '{"wildcard":"x*"}', '{"wildcard":"*y*"}', '{"anything-but":{"wildcard":"*y"}}'],
    ]  # fmt: skip

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pattern(self, depth=0, names=None, may_or=True):
        free = list(names or self.NAMES)
        self.random.shuffle(free)
        parts = []
        for name in free[: self.random.randint(1, 2 if depth else 3)]:
            if depth < 3 and self.random.random() < 0.5 / (depth + 1) + 0.1:
                parts.append(f'"{name}":{self.pattern(depth + 1)}')
            else:
                count = self.random.choice([1, 1, 1, 2, 3])
                parts.append(f'"{name}":[{",".join(self.random.choice(self.MATCHERS) for _ in range(count))}]')
        # Names of its own, because Ruler lets a field in a branch replace one beside it.
        if may_or and depth < 2 and self.random.random() < 0.25:
            branches = [self.pattern(depth + 1, ["d", "e"], False) for _ in range(self.random.randint(2, 3))]
            parts.insert(self.random.randint(0, len(parts)), f'"$or":[{",".join(branches)}]')
        return "{" + ",".join(parts) + "}"

    def value(self, depth):
        kind = self.random.random()
        if depth < 3 and kind < 0.25 / (1 + depth * 0.3):
            return f"[{','.join(self.value(depth + 1) for _ in range(self.random.randint(0, 3)))}]"
        if depth < 3 and kind < 0.5:
            return self.event(depth + 1)
        return self.random.choice(self.SCALARS)

    def event(self, depth=0):
        names = [*self.NAMES, "d", "e"]
        chosen = [name for name in names if self.random.random() < (0.45 if depth else 0.7)]
        if self.random.random() < 0.03:
            chosen.append(self.random.choice(["a", "a.b", "b.a"]))
        return "{" + ",".join(f'"{name}":{self.value(depth)}' for name in chosen) + "}"


def pairs(random_patterns=600, seed=1):
    for values in LISTS:
        yield f'{{"v":{values}}}', ["{}", *(f'{{"v":{value}}}' for value in VALUES)]
    for pattern in COMPILED:
        yield pattern, ["{}"]
    yield from WHOLE
    for number in range(random_patterns):
        generator = Random(f"{seed}/{number}")
        yield generator.pattern(), [generator.event() for _ in range(12)]


if __name__ == "__main__":
    for pattern, events in pairs():
        print(json.dumps({"pattern": pattern, "events": events}, ensure_ascii=False))
